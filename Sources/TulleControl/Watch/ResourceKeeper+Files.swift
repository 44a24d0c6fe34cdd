import TulleConfig
import TulleModel

/// Changes through the watched directory.
extension ResourceKeeper {
    /// Makes the resources of files those of the store, in one transaction: a file with errors keeps its last good
    /// version, a file that went takes its resources with it.
    ///
    /// - Parameter files: all files of the directory, sorted by path, which settles who has a resource that two name.
    /// - Returns: what is wrong with each file that is wrong.
    func sync(_ files: [WatchedFile]) async throws -> [String: [ConfigurationError]] {
        try await exclusively {
            var plan = FileSync(files: files, snapshot: snapshot, implicit: directory)
            plan.settle()
            let writes = plan.writes()
            if !writes.isEmpty { _ = try await commit(writes) }
            return plan.errors
        }
    }
}

/// Decides what a set of files changes: which are good, and the writes that make the store agree with those.
struct FileSync {
    private let snapshot: ResourceSnapshot
    /// Services of everybody else: the API's, and those that workloads imply.
    private let others: ServiceDirectory
    private let paths: Set<String>
    private(set) var errors: [String: [ConfigurationError]] = [:]
    private var good: [(path: String, set: ResourceSet)] = []

    /// - Parameter implicit: the services of the mesh as it is; those of watched files are looked at anew.
    init(files: [WatchedFile], snapshot: ResourceSnapshot, implicit: ServiceDirectory) {
        self.snapshot = snapshot
        paths = Set(files.map(\.path))
        var others = ServiceDirectory()
        let filed = Set(
            snapshot.entries.values.compactMap { entry -> ServiceName? in
                guard case .file = entry.stored.owner, case .service(let service) = entry.resource else { return nil }
                return service.name
            })
        for (name, ports) in implicit.ports where !filed.contains(name) { others.add(name, ports: ports) }
        self.others = others
        for file in files {
            switch file.content {
            case .success(let set): good.append((file.path, set))
            case .failure(let found): errors[file.path] = found.errors
            }
        }
    }

    /// Drops files from the good ones until those that are left are right as a set. Each round drops at least one:
    /// a file that turns out wrong falls back to its last good version, which may make another one wrong.
    mutating func settle() {
        while let wrong = firstWrong() {
            errors[wrong.path] = wrong.errors
            good.removeAll { $0.path == wrong.path }
        }
    }

    /// Puts for what the good files hold, deletions for what they and vanished files no longer do.
    func writes() -> [StoreWrite] {
        var writes: [StoreWrite] = []
        var wanted: Set<ResourceKey> = []
        for (path, set) in good {
            for document in set.documents {
                wanted.insert(document.key)
                let present = snapshot.entries[document.key]?.stored
                let draft = ResourceDraft(document, owner: .file(path))
                if present?.document == draft.document, present?.owner == draft.owner { continue }
                writes.append(.put(draft, if: present.map { .revision($0.revision) } ?? .absent))
            }
        }
        for entry in snapshot.sorted where !wanted.contains(entry.resource.key) {
            guard case .file(let path) = entry.stored.owner, !keepsLastGood(path) else { continue }
            writes.append(.delete(entry.stored.key, if: .revision(entry.stored.revision)))
        }
        return writes
    }

    private func keepsLastGood(_ path: String) -> Bool { errors[path] != nil && paths.contains(path) }

    private func firstWrong() -> (path: String, errors: [ConfigurationError])? {
        var directory = others
        // The last good versions of wrong files stay in force, with their services and their claims on keys.
        var claimed: [ResourceKey: String] = [:]
        for entry in snapshot.entries.values {
            switch entry.stored.owner {
            case .api:
                claimed[entry.resource.key] = "the api; delete it there first, or leave it out of the file"
            case .file(let path) where keepsLastGood(path):
                claimed[entry.resource.key] = "\(path), which has errors and keeps its last good version"
                if case .service(let service) = entry.resource {
                    directory.add(service.name, ports: service.ports.map(\.port))
                }
            case .file: break
            }
        }
        for (_, set) in good { directory.add(set) }
        for (path, set) in good {
            var found: [ConfigurationError] = []
            for document in set.documents {
                if let owner = claimed[document.key] {
                    found.append(
                        ConfigurationError(
                            file: path, mark: document.node.mark, message: "\(document.key) belongs to \(owner)"))
                }
                claimed[document.key] = "\(path):\(document.node.mark.line), where it is given first"
            }
            do throws(ConfigurationErrors) {
                try set.validate(against: directory)
            } catch {
                found += error.errors
            }
            if !found.isEmpty { return (path, found) }
        }
        return nil
    }
}
