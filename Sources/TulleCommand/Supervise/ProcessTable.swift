import Foundation

/// The machine's processes, from /proc.
enum ProcessTable {
    struct Entry: Equatable, Sendable {
        var id: pid_t
        var parent: pid_t
        /// The program's name, cut at 15 bytes by the kernel.
        var name: String
    }

    static func children(of parent: pid_t) -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap(pid_t.init).compactMap(entry).filter { $0.parent == parent }.sorted { $0.id < $1.id }
    }

    static func entry(_ id: pid_t) -> Entry? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return nil }
        return parse(String(decoding: data, as: UTF8.self))
    }

    /// One line of /proc/PID/stat (proc(5)): the name is in parentheses, and may hold some itself.
    static func parse(_ line: String) -> Entry? {
        guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close,
            let id = pid_t(line[..<open].trimmingCharacters(in: .whitespaces))
        else { return nil }
        let rest = line[line.index(after: close)...].split(separator: " ")
        guard rest.count > 1, let parent = pid_t(rest[1]) else { return nil }
        return Entry(id: id, parent: parent, name: String(line[line.index(after: open)..<close]))
    }
}
