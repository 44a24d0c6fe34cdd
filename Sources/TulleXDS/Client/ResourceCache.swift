internal import FoundationEssentials
internal import Logging

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The last good resources on disk, a file a type, so that a proxy can start while its control plane is away.
///
/// A file is written whole beside the old one, flushed, and renamed over it: after a crash there is the old one or the
/// new one. Trouble with the disk is logged once and otherwise ignored: the cache is a convenience.
actor ResourceCache {
    // Resources worth keeping fit: 10,000 clusters are some 10 MiB.
    static let maxFileBytes = 32 * 1_024 * 1_024
    // Changes within this time are written together.
    private static let gather = Duration.milliseconds(500)

    private let directory: String
    private let node: String
    private let logger: Logger
    private var resources: [TypeURL: [String: NamedResource]] = [:]
    private var changed: Set<TypeURL> = []
    private var isFailing = false
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init(directory: String, node: String, logger: Logger) {
        self.directory = directory
        self.node = node
        self.logger = logger
        (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes what was applied; it is written soon.
    func record(_ type: TypeURL, accepted: [NamedResource], removed: [String]) {
        if accepted.isEmpty && removed.isEmpty { return }
        for name in removed { resources[type]?[name] = nil }
        for resource in accepted { resources[type, default: [:]][resource.name] = resource }
        changed.insert(type)
        wake.yield()
    }

    /// Writes changes as they come, until the task is cancelled.
    func run() async {
        for await _ in wakes {
            try? await Task.sleep(for: Self.gather)
            if Task.isCancelled { return }
            flush()
        }
    }

    /// Writes what has changed now.
    func flush() {
        for type in changed {
            let file = CacheFile.encode(Array((resources[type] ?? [:]).values), type: type, node: node)
            if let fault = write(file, to: path(of: type)) {
                if !isFailing {
                    logger.warning(
                        "resources cannot be kept on disk; a start without the control plane will use older ones",
                        metadata: ["path": "\(path(of: type))", "reason": "\(fault)"])
                }
                isFailing = true
            } else {
                isFailing = false
            }
        }
        changed = []
    }

    /// What the last run kept. Files that are damaged, foreign or too large are passed over with a warning.
    func load() -> [TypeURL: [NamedResource]] {
        var loaded: [TypeURL: [NamedResource]] = [:]
        for type in TypeURL.pushOrder {
            let path = path(of: type)
            guard let file = read(path) else { continue }
            do {
                let (kept, found) = try CacheFile.decode(file, node: node)
                guard kept == type else { throw CacheFile.Fault(description: "is of type \(kept)") }
                if !found.isEmpty { loaded[type] = found }
            } catch {
                logger.warning(
                    "cached resources are passed over", metadata: ["path": "\(path)", "reason": "\(error)"])
            }
        }
        return loaded
    }

    private func path(of type: TypeURL) -> String {
        // A type comes from the server: its name must not lead out of the directory.
        let safe = type.shortName.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return "\(directory)/\(safe).xds"
    }

    private func read(_ path: String) -> Data? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 64 * 1_024)
        while data.count <= Self.maxFileBytes {
            #if canImport(Glibc)
                let count = Glibc.read(descriptor, &chunk, chunk.count)
            #else
                let count = Musl.read(descriptor, &chunk, chunk.count)
            #endif
            if count == 0 { return data }
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            data.append(contentsOf: chunk[0..<count])
        }
        logger.warning("cached resources are passed over", metadata: ["path": "\(path)", "reason": "is too large"])
        return nil
    }

    /// - Returns: what went wrong, or nil.
    private func write(_ data: Data, to path: String) -> String? {
        if data.count > Self.maxFileBytes { return "\(data.count) bytes, at most \(Self.maxFileBytes) are kept" }
        if mkdir(directory, 0o700) != 0, errno != EEXIST { return "mkdir: \(Self.reason())" }
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return "open: \(Self.reason())" }
        var fault: String?
        data.withUnsafeBytes { bytes in
            var position = 0
            while position < bytes.count {
                #if canImport(Glibc)
                    let count = Glibc.write(descriptor, bytes.baseAddress! + position, bytes.count - position)
                #else
                    let count = Musl.write(descriptor, bytes.baseAddress! + position, bytes.count - position)
                #endif
                if count < 0 {
                    if errno == EINTR { continue }
                    fault = "write: \(Self.reason())"
                    return
                }
                position += count
            }
        }
        if fault == nil, fsync(descriptor) != 0 { fault = "fsync: \(Self.reason())" }
        if close(descriptor) != 0, fault == nil { fault = "close: \(Self.reason())" }
        if fault == nil, rename(temporary, path) != 0 { fault = "rename: \(Self.reason())" }
        if fault != nil { unlink(temporary) }
        return fault
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
