internal import TulleXDS
internal import TulleXDSServer

/// Compiled resources that are still right, by audience: what makes a push to 1,000 alike proxies compile once.
struct CompiledMemory: Sendable {
    private struct Key: Hashable {
        var type: TypeURL
        var audience: String
    }

    private struct Whole {
        var resources: [NamedResource]
        /// One of those who asked, to ask the compiler what a change means for its kind.
        var asker: ConnectedNode
    }

    // Names come from outside, and those that do not exist are remembered too.
    private static let maxNames = 200_000

    private var wholes: [Key: Whole] = [:]
    /// An absent resource is remembered as nil.
    private var named: [Key: [String: NamedResource?]] = [:]
    private var names = 0

    func whole(_ type: TypeURL, audience: String) -> [NamedResource]? {
        wholes[Key(type: type, audience: audience)]?.resources
    }

    mutating func rememberWhole(
        _ resources: [NamedResource], of type: TypeURL, audience: String, asker: ConnectedNode
    ) {
        wholes[Key(type: type, audience: audience)] = Whole(resources: resources, asker: asker)
    }

    /// The resources known, and the names of which nothing is known.
    func named(
        _ type: TypeURL, _ wanted: Set<String>, audience: String
    ) -> (found: [NamedResource], unknown: Set<String>) {
        guard let known = named[Key(type: type, audience: audience)] else { return ([], wanted) }
        var found: [NamedResource] = []
        var unknown: Set<String> = []
        for name in wanted {
            switch known[name] {
            case .none: unknown.insert(name)
            case .some(.none): break
            case .some(.some(let resource)): found.append(resource)
            }
        }
        return (found, unknown)
    }

    mutating func rememberNamed(
        _ resources: [NamedResource], for asked: Set<String>, of type: TypeURL, audience: String
    ) {
        if names + asked.count > Self.maxNames {
            named = [:]
            names = 0
            if asked.count > Self.maxNames { return }
        }
        let key = Key(type: type, audience: audience)
        var known = named.removeValue(forKey: key) ?? [:]
        let before = known.count
        for name in asked { known[name] = .some(.none) }
        for resource in resources where asked.contains(resource.name) { known[resource.name] = .some(resource) }
        names += known.count - before
        named[key] = known
    }

    /// Forgets what a change may have altered.
    mutating func forget<Compiler: ResourceCompiler>(after change: Change, by compiler: Compiler) {
        if change.everything {
            self = CompiledMemory()
            return
        }
        wholes = wholes.filter { key, whole in
            !compiler.types(affectedBy: change, for: whole.asker).contains(key.type)
        }
        names = 0
        for key in Array(named.keys) {
            let kept = (named.removeValue(forKey: key) ?? [:]).filter {
                !compiler.affects(change, type: key.type, name: $0.key)
            }
            names += kept.count
            if !kept.isEmpty { named[key] = kept }
        }
    }
}
