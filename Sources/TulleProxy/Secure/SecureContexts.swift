import TulleModel

/// Every TLS context that the configuration names, each made once, and the secrets that they are made of.
struct SecureContexts {
    private struct Key: Hashable {
        var configuration: TLSContext
        var role: SecureContext.Role
    }

    private var contexts: [Key: SecureContext] = [:]
    private var secrets: [String: Secret]
    private var stamps: [String: FileStamp] = [:]
    /// What could not be read anew, and is tried again, by the paths of the context.
    private var failures: [[String]: String] = [:]

    init(_ secrets: [String: Secret]) { self.secrets = secrets }

    /// The context of that configuration. Throws when a file that it names cannot be used.
    mutating func context(_ configuration: TLSContext, _ role: SecureContext.Role) throws -> SecureContext {
        let key = Key(configuration: configuration, role: role)
        if let known = contexts[key] { return known }
        let context = SecureContext(configuration, role)
        let paths = context.paths(secrets)
        // Before reading: what changes in between is read once more.
        for path in paths { stamps[path] = stamps[path] ?? FileStamp(path) }
        try context.refresh(secrets)
        contexts[key] = context
        return context
    }

    mutating func context(_ tls: DownstreamTLS) throws -> SecureContext {
        try context(tls.context, .server(requiresClientCertificate: tls.requiresClientCertificate))
    }

    mutating func context(_ tls: UpstreamTLS) throws -> SecureContext { try context(tls.context, .client) }

    /// Takes a secret and makes anew what is made of it. Throws, with nothing changed, when it cannot be used; one that is gone
    /// leaves what was made of it.
    mutating func take(_ name: String, _ secret: Secret?) throws {
        guard let secret else {
            secrets[name] = nil
            return
        }
        guard secrets[name] != secret else { return }
        var changed = secrets
        changed[name] = secret
        // Before reading, as above.
        let affected = contexts.values.filter { $0.configuration.secretNames.contains(name) }
        for path in affected.flatMap({ $0.paths(changed) }) { stamps[path] = stamps[path] ?? FileStamp(path) }
        do {
            for context in affected { try context.refresh(changed) }
        } catch {
            // Those that had taken it go back.
            for context in affected { try? context.refresh(secrets) }
            throw error
        }
        secrets = changed
        restamp()
    }

    /// Whether any of what is in use is made of files.
    var readsFiles: Bool { !stamps.isEmpty }

    /// Makes anew what is made of files that have changed. Answers what could not be read; what was made before goes on then.
    mutating func reread() -> [String] {
        var changed: Set<String> = []
        for (path, stamp) in stamps {
            // A file that is gone is being replaced, or its content goes on.
            guard let now = FileStamp(path), now != stamp else { continue }
            changed.insert(path)
            stamps[path] = now
        }
        guard !changed.isEmpty || !failures.isEmpty else { return [] }
        var told: [String] = []
        for context in contexts.values {
            let paths = context.paths(secrets)
            guard failures[paths] != nil || !changed.isDisjoint(with: paths) else { continue }
            do {
                try context.refresh(secrets)
                failures[paths] = nil
            } catch {
                let text = "\(error); the one read before goes on"
                if failures.updateValue(text, forKey: paths) != text { told.append(text) }
            }
        }
        return told
    }

    /// Lets go of the contexts that nobody else holds any more.
    mutating func forgetUnused() {
        for key in Array(contexts.keys) {
            guard var context = contexts.removeValue(forKey: key) else { continue }
            if !isKnownUniquelyReferenced(&context) { contexts[key] = context }
        }
        restamp()
    }

    /// The secrets that the contexts in use need and that the bootstrap does not hold.
    var secretNames: Set<String> { Set(contexts.values.flatMap(\.configuration.secretNames)) }

    private mutating func restamp() {
        let paths = Set(contexts.values.flatMap { $0.paths(secrets) })
        stamps = stamps.filter { paths.contains($0.key) }
        failures = failures.filter { paths.isSuperset(of: $0.key) }
        for path in paths where stamps[path] == nil { stamps[path] = FileStamp(path) }
    }
}
