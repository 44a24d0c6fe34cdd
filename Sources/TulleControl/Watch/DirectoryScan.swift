import Foundation

/// What a directory of configuration holds at one moment.
struct DirectoryScan: Hashable, Sendable {
    /// What tells that a file may have changed, without reading it.
    struct Signature: Hashable, Sendable {
        var size: UInt64
        var modified: TimeInterval
        var inode: UInt64
    }

    // More than these are no directory of configuration but a mistake, such as watching `/`.
    static let maxFiles = 10_000
    static let maxDepth = 8
    static let extensions = ["yaml", "yml", "json"]

    /// By path; hidden files and folders are left out, as editors and Kubernetes' ConfigMap mounts keep drafts there.
    var files: [String: Signature] = [:]
    var directories: [String] = []

    /// Reads the directory and all within.
    /// - Throws: `ControlPlaneError` when it cannot be read or holds too much. It must not pass for an empty one, which
    ///   would take every resource away.
    init(_ root: String) throws {
        try add(root, depth: 0)
    }

    private mutating func add(_ directory: String, depth: Int) throws {
        guard depth <= Self.maxDepth else {
            throw ControlPlaneError(
                "\(directory) lies more than \(Self.maxDepth) folders deep in the watched directory")
        }
        directories.append(directory)
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw ControlPlaneError("cannot read the directory \(directory): it must exist and be readable")
        }
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = directory + "/" + name
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            // A file that vanished since is as one that was never there.
            guard let info = try? FileManager.default.attributesOfItem(atPath: target) else { continue }
            let type = info[.type] as? FileAttributeType
            if type == .typeDirectory {
                try add(path, depth: depth + 1)
            } else if type == .typeRegular,
                Self.extensions.contains(URL(fileURLWithPath: name).pathExtension.lowercased())
            {
                guard files.count < Self.maxFiles else {
                    throw ControlPlaneError("the watched directory holds more than \(Self.maxFiles) files")
                }
                files[path] = Signature(
                    size: (info[.size] as? NSNumber)?.uint64Value ?? 0,
                    modified: (info[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0,
                    inode: (info[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0)
            }
        }
    }
}
