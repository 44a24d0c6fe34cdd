import Glibc

/// The memory of the process.
enum Footprint {
    /// Gives back the pages of our own code that only the start needed.
    ///
    /// The kernel maps code around each fault in blocks, so that reading the configuration leaves some 20 MB of it counted as
    /// ours, most of it never run again. What is needed comes back from the page cache, without a read from disk. Only the
    /// executable mapping is touched: nothing in it is ever written, while the data pages hold relocated pointers.
    static func dropStartupCode() {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &path, path.count)
        guard length > 0, let maps = try? FileText.read("/proc/self/maps") else { return }
        let own = String(decoding: path[..<length].lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for line in maps.split(separator: "\n") {
            // START-END rights offset device inode path
            let parts = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard parts.count == 6, parts[1] == "r-xp", parts[5].drop(while: { $0 == " " }) == own else { continue }
            let ends = parts[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2, ends[0] < ends[1], let start = UnsafeMutableRawPointer(bitPattern: ends[0]) else {
                continue
            }
            madvise(start, Int(ends[1] - ends[0]), MADV_DONTNEED)
        }
    }
}
