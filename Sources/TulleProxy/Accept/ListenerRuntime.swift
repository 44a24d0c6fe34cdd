import Glibc
import NIOCore
import NIOPosix
import TulleModel

/// A listener on one worker: the socket it accepts from, and what its new connections are served with.
final class ListenerRuntime {
    unowned let worker: Worker
    private(set) var definition: ListenerDefinition
    /// The sockets; the first is the listener's own address.
    private var channel: (any Channel)?
    let stats: ListenerStats
    /// How each chain is served, by the chain's place in the definition.
    private var served: [ServedChain] = []
    private var admissions: [ChainKey: RequestAdmission] = [:]

    /// What a chain is known by when the listener's definition changes.
    private struct ChainKey: Hashable {
        var name: String
        var match: FilterChainMatch
        var isDefault: Bool
    }

    init(definition: ListenerDefinition, worker: Worker) {
        self.definition = definition
        self.worker = worker
        stats = worker.stats.listener(definition.listener)
        prepare()
    }

    /// Serves new connections by a changed definition. Those open keep theirs; where it has their chain no more, and they speak HTTP,
    /// they end with the exchange that they carry.
    func use(_ new: ListenerDefinition) {
        guard new !== definition else { return }
        definition = new
        prepare()
    }

    private func prepare() {
        var admissions: [ChainKey: RequestAdmission] = [:]
        served = definition.chains.all.indices.map { index in
            let chain = definition.chains.all[index]
            let admission = definition.admission[index]
            let key = ChainKey(
                name: chain.name, match: chain.match, isDefault: index >= definition.listener.filterChains.count)
            let requests = self.admissions[key] ?? RequestAdmission()
            admissions[key] = requests
            if case .http(let manager) = chain.filter {
                requests.filters = admission.requests.map {
                    AdmissionRuntime($0, owner: manager.statPrefix, isHTTP: true, stats: worker.stats)
                }
            }
            let filter: ServedChain.Filter =
                switch chain.filter {
                case .http(let manager):
                    .http(HTTPRuntime(manager, listener: definition.listener, admission: requests, worker: worker))
                case .tcp(let proxy): .tcp(TCPRuntime(proxy, listener: definition.listener, worker: worker))
                }
            return ServedChain(
                filter: filter, tls: chain.tls, security: definition.security[index],
                admission: admission.connections.map {
                    AdmissionRuntime($0.filter, owner: $0.statPrefix, isHTTP: false, stats: worker.stats)
                })
        }
        let gone = self.admissions.filter { admissions[$0.key] == nil }.map(\.value)
        self.admissions = admissions
        if !gone.isEmpty { worker.drain(admittedBy: gone) }
    }

    /// Ends its connections of HTTP, each with the exchange that it carries.
    func drain() { worker.drain(admittedBy: Array(admissions.values)) }

    /// The service of a connection that needs no look at its bytes or addresses.
    var unconditional: ServedChain? {
        guard definition.sniffer == nil, !definition.readsOriginalDestination, let only = definition.chains.only else {
            return nil
        }
        return served[only]
    }

    func service(for connection: FilterChainIndex.Connection) -> ServedChain? {
        definition.chains.choose(connection).map { served[$0] }
    }

    /// Opens the socket. With `reusePort` each worker has one of its own, and the kernel shares out connections.
    func bind(to address: PeerAddress, reusePort: Bool) -> EventLoopFuture<PeerAddress> {
        var bootstrap = bootstrap
        if reusePort {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.init(rawValue: SO_REUSEPORT)), value: 1)
        }
        return take(bootstrap.bind(to: address), address)
    }

    /// Accepts from a socket that another worker opened, by a descriptor of its own.
    func bind(to address: PeerAddress, sharing socket: CInt) -> EventLoopFuture<PeerAddress> {
        take(bootstrap.withBoundSocket(socket), address)
    }

    /// Another descriptor of the socket.
    func duplicateSocket() throws -> CInt {
        let copy = try channel?.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { socket in
            fcntl(socket, F_DUPFD_CLOEXEC, 0)
        }
        guard let copy, copy >= 0 else { throw NoSocket(code: errno) }
        return copy
    }

    private func take(_ opening: EventLoopFuture<any Channel>, _ address: PeerAddress) -> EventLoopFuture<PeerAddress> {
        let bound = NIOLoopBound(self, eventLoop: worker.loop)
        return opening.map { channel in
            bound.value.channel = channel
            return channel.localAddress ?? address
        }
    }

    private var bootstrap: ServerBootstrap {
        let bound = NIOLoopBound(self, eventLoop: worker.loop)
        var bootstrap = ServerBootstrap(group: worker.loop, childGroup: worker.loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: CInt(clamping: definition.listener.tcpBacklogSize))
            // A burst of new connections is taken in one turn of the loop.
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: ReadBufferAllocator.messagesPerRead)
            .childChannelOption(.recvAllocator, value: ReadBufferAllocator(worker.readBuffers, upTo: .large))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.accept(channel) }
            }
        if let mark = WriteBuffer.mark(limit: definition.listener.perConnectionBufferLimitBytes) {
            bootstrap = bootstrap.childChannelOption(.writeBufferWaterMark, value: mark)
        }
        return bootstrap
    }

    /// Stops accepting. Connections already taken are not touched.
    func closeSocket() -> EventLoopFuture<Void> {
        guard let channel else { return worker.loop.makeSucceededVoidFuture() }
        self.channel = nil
        return channel.close().recover { _ in }
    }

    private func accept(_ channel: any Channel) throws {
        guard worker.connectionCount < worker.settings.maxConnections else {
            stats.connectionRefusedByLimit()
            throw ListenerFull()
        }
        let pipeline = channel.pipeline.syncOperations
        if let service = unconditional {
            try service.serve(pipeline, after: nil, channel: channel, listener: self)
        } else {
            try pipeline.addHandler(DetectHandler(listener: self))
        }
    }

    private struct ListenerFull: Error {}

    /// The listener's socket cannot be shared with another worker.
    private struct NoSocket: Error, CustomStringConvertible {
        let code: CInt
        var description: String { "its socket cannot be shared: \(String(cString: strerror(code)))" }
    }
}
