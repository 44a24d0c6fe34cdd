import NIOCore
import TulleModel

/// A listener as a snapshot holds it, its filter chains ordered for matching.
final class ListenerDefinition: Sendable {
    let listener: Listener
    let address: PeerAddress
    let chains: FilterChainIndex
    /// The TLS of each chain, by its place in `chains.all`; nil for one that takes bytes as they come.
    let security: [SecureContext?]
    /// Who may pass each chain, by its place in `chains.all`.
    let admission: [ChainAdmission]
    let sniffer: ProtocolSniffer?
    let readsOriginalDestination: Bool

    init(_ listener: Listener, _ contexts: inout SecureContexts) throws {
        self.listener = listener
        address = try PeerAddress.resolvingLocally(listener.address)
        do {
            chains = try FilterChainIndex(listener)
        } catch {
            throw ProxyError("listener \"\(listener.name)\": \(error)")
        }
        security = try chains.all.map { chain in
            do {
                return try chain.tls.map { try contexts.context($0) }
            } catch {
                let name = chain.name.isEmpty ? "" : " \"\(chain.name)\""
                throw ProxyError("listener \"\(listener.name)\", filter chain\(name): \(error)")
            }
        }
        admission = try chains.all.map { chain in
            do {
                return try ChainAdmission(chain)
            } catch {
                throw ProxyError("listener \"\(listener.name)\": \(error)")
            }
        }
        let inspectsHTTP = listener.listenerFilters.contains(.httpInspector)
        let inspectsTLS = listener.listenerFilters.contains(.tlsInspector)
        sniffer =
            inspectsHTTP || inspectsTLS ? ProtocolSniffer(inspectsHTTP: inspectsHTTP, inspectsTLS: inspectsTLS) : nil
        readsOriginalDestination =
            listener.useOriginalDestination || listener.listenerFilters.contains(.originalDestination)
    }

    /// Whether every secret that its chains need has come.
    var hasSecrets: Bool { security.allSatisfy { $0 == nil || $0?.current != nil } }

    /// Every route configuration that the listener's chains want from the control plane.
    var discoveredRoutes: [String] {
        chains.all.compactMap {
            if case .http(let manager) = $0.filter, case .discovered(let name) = manager.routes { name } else { nil }
        }
    }

    /// Every cluster that the listener's chains name themselves.
    var clusterNames: [String] {
        chains.all.flatMap { if case .tcp(let proxy) = $0.filter { proxy.clusters.map(\.name) } else { [String]() } }
    }
}

extension NIOCore.SocketAddress {
    /// The address to bind: an IP, or `localhost`, without asking a name server.
    static func resolvingLocally(_ address: ConfiguredAddress) throws -> NIOCore.SocketAddress {
        let host = address.host.isEmpty ? "0.0.0.0" : address.host == "localhost" ? "127.0.0.1" : address.host
        return try NIOCore.SocketAddress(ipAddress: host, port: address.port)
    }
}
