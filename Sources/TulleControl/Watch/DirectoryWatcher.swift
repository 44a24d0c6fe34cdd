import Foundation
import Logging
import ServiceLifecycle
import TulleConfig
import TulleModel

/// Keeps the resources of a directory of YAML and JSON files in force.
///
/// Told by inotify, and looking by itself every two seconds besides: network file systems tell nothing, and a
/// reference may become right without any file changing (a workload that brings a service).
actor DirectoryWatcher: ServiceLifecycle.Service {
    private let root: String
    private let keeper: ResourceKeeper
    private let interval: Duration
    private let logger: Logger
    private var scan: DirectoryScan?
    private var files: [String: WatchedFile] = [:]
    private var errors: [String: [ConfigurationError]] = [:]
    private var directoryError: String?
    /// Whether the store has what the files say.
    private var isSynced = false

    /// How long the directory must be quiet before it is read: many tools write several files in a row.
    private static let settling = Duration.milliseconds(50)

    init(root: String, keeper: ResourceKeeper, interval: Duration = .seconds(2), logger: Logger) {
        let trimmed = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
        self.root = trimmed
        self.keeper = keeper
        self.interval = interval
        self.logger = logger
    }

    func run() async throws {
        let events = DirectoryEvents()
        if events == nil { logger.warning("no inotify left: the directory is read every \(interval)") }
        let (ticks, tick) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
        tick.yield(false)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [interval] in
                    while !Task.isCancelled {
                        try await Task.sleep(for: interval)
                        tick.yield(false)
                    }
                }
                if let events {
                    group.addTask {
                        for await _ in events.changes { tick.yield(true) }
                    }
                }
                for await told in ticks {
                    if told { try await Task.sleep(for: Self.settling) }
                    await look(events)
                }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            tick.finish()
        }
    }

    /// Reads what changed and brings it into force. Also called once before the control plane serves anybody.
    func look(_ events: DirectoryEvents? = nil) async {
        do {
            let now = try DirectoryScan(root)
            for directory in now.directories { events?.watch(directory) }
            directoryError = nil
            let changed = now.files.filter { scan?.files[$0.key] != $0.value }.map(\.key)
            let isSame = changed.isEmpty && scan?.files.count == now.files.count
            // With errors it is tried again: the mesh may have what was missing.
            guard !isSame || !errors.isEmpty || !isSynced else { return }
            for path in changed { files[path] = Self.read(path, size: now.files[path]?.size ?? 0) }
            files = files.filter { now.files[$0.key] != nil }
            scan = now
            let before = errors
            errors = try await keeper.sync(files.values.sorted { $0.path < $1.path })
            isSynced = true
            tell(before)
        } catch let error as ControlPlaneError {
            if directoryError == nil { logger.error("\(error)") }
            directoryError = error.description
        } catch {
            // The store is full or gone: the files are tried again at the next look.
            if isSynced { logger.error("the watched files are not in force: \(error)") }
            isSynced = false
            directoryError = "the watched files are not in force: \(error)"
        }
    }

    /// For `GET /api/v1/status`.
    func status() async -> StatusView.Watch {
        let entries = await keeper.snapshot.sorted
        var resources: [String: [String]] = [:]
        for entry in entries {
            guard case .file(let path) = entry.stored.owner else { continue }
            resources[path, default: []].append(entry.resource.key.description)
        }
        let paths = Set(files.keys).union(resources.keys)
        return StatusView.Watch(
            path: root,
            files: paths.sorted().map { path in
                StatusView.File(
                    path: path, resources: resources[path] ?? [],
                    errors: (errors[path] ?? []).map(APIError.Detail.init))
            },
            errors: directoryError.map { [APIError.Detail(message: $0)] } ?? [])
    }

    /// How many files have errors, for `/metrics`.
    var wrongFiles: Int { errors.count }

    private func tell(_ before: [String: [ConfigurationError]]) {
        for (path, found) in errors.sorted(by: { $0.key < $1.key }) where before[path] != found {
            for error in found { logger.error("\(error)") }
        }
        for path in before.keys.sorted() where errors[path] == nil {
            logger.info("\(path) is in force again")
        }
    }

    private static func read(_ path: String, size: UInt64) -> WatchedFile {
        let limit = YAMLLimits().maxBytes
        guard size <= UInt64(limit) else {
            return WatchedFile(path: path, unreadable: "holds \(size) bytes, over the limit of \(limit)")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            return WatchedFile(path: path, unreadable: "cannot be read: it must exist and be readable")
        }
        return WatchedFile(path: path, bytes: Array(data))
    }
}
