#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// What the operating system says of this process's memory.
enum ProcessMemory {
    /// The resident set, from `/proc/self/statm`; 0 where that cannot be read.
    static func residentBytes() -> Int64 {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 256)
        let count = fread(&line, 1, line.count, file)
        let words = line[..<count].split(separator: UInt8(ascii: " "))
        guard words.count > 1, let pages = Int64(String(decoding: words[1], as: UTF8.self)) else { return 0 }
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
