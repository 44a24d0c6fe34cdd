import NIOCore
import NIOPosix
import NIOSSL
import TulleModel

extension Proxy {
    /// Calls a gRPC server on one of the proxy's loops; answers once it is connected.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - metadata: sent with the call, in order; names in lower case.
    /// - Throws: `GRPCError`: `unavailable` when no address can be connected to, `invalidArgument` for what cannot be sent.
    public func call(
        _ path: String, at server: CallServer, metadata: [(name: String, value: String)] = [],
        options: GRPCCall.Options = GRPCCall.Options()
    ) async throws -> GRPCCall {
        try await GRPCCall.open(
            GRPCRequest(path: path, to: server, metadata: metadata), at: server, options: options,
            on: group.next(), resolver: resolver)
    }
}

extension GRPCCall {
    static func open(
        _ request: GRPCRequest, at server: CallServer, options: Options, on loop: any EventLoop,
        resolver: NameResolver
    ) async throws -> GRPCCall {
        var failure = "no address"
        for address in try await addresses(of: server, resolver) {
            do {
                return try await connect(request, to: address, server, options, loop)
            } catch let error as ProxyError {
                throw GRPCError(.invalidArgument, "\(error)")
            } catch {
                failure = ConnectFailure(error).text
            }
            if Task.isCancelled { throw GRPCError(.cancelled, "the call was cancelled") }
        }
        throw GRPCError(.unavailable, "cannot connect to \(server.text): \(failure)")
    }

    private static func addresses(
        of server: CallServer, _ resolver: NameResolver
    ) async throws(GRPCError) -> [PeerAddress] {
        let named: ConfiguredAddress
        switch server {
        case .plain(let address): named = address
        case .secure(let address, _): named = address
        case .socket(let path):
            guard let address = try? PeerAddress(unixDomainSocketPath: path) else {
                throw GRPCError(.invalidArgument, "the socket's path \"\(path)\" is too long")
            }
            return [address]
        }
        if let address = try? PeerAddress(ipAddress: named.host, port: named.port) { return [address] }
        let answer = await withCheckedContinuation { continuation in
            resolver.resolve(named.host, family: .all) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .success(let hosts): return hosts.compactMap { try? PeerAddress(ipAddress: $0, port: named.port) }
        case .failure(let error): throw GRPCError(.unavailable, "cannot resolve \(named.host): \(error)")
        }
    }

    private static func connect(
        _ request: GRPCRequest, to address: PeerAddress, _ server: CallServer, _ options: Options,
        _ loop: any EventLoop
    ) async throws -> GRPCCall {
        let handler = try await loop.submit {
            NIOLoopBound(GRPCCallHandler(request, options: options, loop: loop), eventLoop: loop)
        }.get()
        let call = GRPCCall(handler, on: loop)
        try await withTaskCancellationHandler {
            var bootstrap = ClientBootstrap(group: loop)
                .connectTimeout(options.connectTimeout.asTimeAmount)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if handler.value.isOver { throw ChannelError.ioOnClosedChannel }
                        if let tls = try server.makeHandler() {
                            try channel.pipeline.syncOperations.addHandler(tls)
                        }
                        try channel.pipeline.syncOperations.addHandler(handler.value)
                    }
                }
            if address.port != nil { bootstrap = bootstrap.channelOption(.socketOption(.tcp_nodelay), value: 1) }
            _ = try await bootstrap.connect(to: address).get()
        } onCancel: {
            call.cancel()
        }
        return call
    }
}
