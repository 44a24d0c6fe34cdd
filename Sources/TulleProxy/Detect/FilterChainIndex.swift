import NIOCore
import TulleModel

/// A listener's filter chains, and which of them a connection takes.
///
/// Envoy decides by one criterion after the other, and a chain that names a value wins over one that leaves it
/// open; so the chains are ranked once by how specific they are, and the first that fits is the answer.
struct FilterChainIndex: Sendable {
    /// What is known of a connection when its chain is chosen.
    struct Connection {
        var destinationPort: Int
        /// Nil for what has no IP, such as a Unix socket.
        var destination: IPAddressBits?
        var source: IPAddressBits?
        var detected: DetectedProtocol
    }

    private struct Ranked: Sendable {
        let index: Int
        let match: FilterChainMatch
        let destinations: [AddressRange]
        let sources: [AddressRange]
        let exactNames: Set<String>
        let nameSuffixes: [String]

        init(_ match: FilterChainMatch, index: Int) throws(RouteError) {
            self.index = index
            self.match = match
            destinations = try match.destinationPrefixes.map { prefix throws(RouteError) in try AddressRange(prefix) }
            sources = try match.sourcePrefixes.map { prefix throws(RouteError) in try AddressRange(prefix) }
            let names = match.serverNames.map { $0.lowercased() }
            exactNames = Set(names.filter { !$0.hasPrefix("*") })
            nameSuffixes = names.filter { $0.hasPrefix("*") }.map { String($0.dropFirst()) }
        }
    }

    let all: [FilterChain]
    private let fallback: Int?
    /// The one chain of a listener that looks at nothing, which most are.
    let only: Int?
    private let ranked: [Ranked]

    init(_ listener: Listener) throws(RouteError) {
        all = listener.filterChains + (listener.defaultFilterChain.map { [$0] } ?? [])
        fallback = listener.defaultFilterChain.map { _ in listener.filterChains.count }
        only = listener.filterChains.count == 1 && listener.filterChains[0].match == FilterChainMatch() ? 0 : nil
        ranked = try listener.filterChains.enumerated().map { entry throws(RouteError) in
            try Ranked(entry.element.match, index: entry.offset)
        }
    }

    /// The chain's place in `all`.
    func choose(_ connection: Connection) -> Int? {
        if let only { return only }
        var candidates = ranked[...].filter { _ in true }
        func narrow(_ score: (Ranked) -> Int?) {
            var best = -1
            var kept: [Ranked] = []
            for candidate in candidates {
                guard let value = score(candidate), value >= best else { continue }
                if value > best {
                    best = value
                    kept.removeAll(keepingCapacity: true)
                }
                kept.append(candidate)
            }
            candidates = kept
        }
        narrow { item in
            guard let port = item.match.destinationPort else { return 0 }
            return port == connection.destinationPort ? 1 : nil
        }
        narrow { Self.longest($0.destinations, connection.destination) }
        narrow { Self.nameScore($0, connection.detected.serverName) }
        narrow { item in
            let wanted = item.match.transportProtocol
            return wanted.isEmpty ? 0 : wanted == connection.detected.transport ? 1 : nil
        }
        narrow { item in
            let wanted = item.match.applicationProtocols
            if wanted.isEmpty { return 0 }
            return wanted.contains(where: connection.detected.application.contains) ? 1 : nil
        }
        narrow { Self.longest($0.sources, connection.source) }
        return candidates.first?.index ?? fallback
    }

    /// Zero for a chain that leaves the address open, else one more than the longest prefix that holds it.
    private static func longest(_ prefixes: [AddressRange], _ address: IPAddressBits?) -> Int? {
        if prefixes.isEmpty { return 0 }
        guard let address else { return nil }
        return prefixes.filter { $0.contains(address) }.map { $0.length + 1 }.max()
    }

    private static func nameScore(_ item: Ranked, _ name: String?) -> Int? {
        if item.exactNames.isEmpty, item.nameSuffixes.isEmpty { return 0 }
        guard let name else { return nil }
        if item.exactNames.contains(name) { return .max }
        return item.nameSuffixes.filter { name.hasSuffix($0) && name.count > $0.count }.map(\.count).max()
    }
}
