import NIOCore
import NIOPosix
public import TulleModel

extension Proxy {
    /// Calls a gRPC server on one of the proxy's loops; answers once it is connected.
    ///
    /// - Parameters:
    ///   - path: `/package.Service/Method`.
    ///   - server: an IP, or a name whose addresses are tried in turn.
    ///   - metadata: sent with the call, in order; names in lower case.
    /// - Throws: `GRPCError`: `unavailable` when no address can be connected to, `invalidArgument` for what cannot be sent.
    public func call(
        _ path: String, at server: TulleModel.SocketAddress, metadata: [(name: String, value: String)] = [],
        options: GRPCCall.Options = GRPCCall.Options()
    ) async throws -> GRPCCall {
        try await GRPCCall.open(
            GRPCRequest(path: path, authority: server.description, metadata: metadata), at: server, options: options,
            on: group.next(), resolver: resolver)
    }
}

extension GRPCCall {
    static func open(
        _ request: GRPCRequest, at server: ConfiguredAddress, options: Options, on loop: any EventLoop,
        resolver: NameResolver
    ) async throws -> GRPCCall {
        var failure = "no address"
        for address in try await addresses(of: server, resolver) {
            do {
                return try await connect(request, to: address, options, loop)
            } catch {
                failure = ConnectFailure(error).text
            }
            if Task.isCancelled { throw GRPCError(.cancelled, "the call was cancelled") }
        }
        throw GRPCError(.unavailable, "cannot connect to \(server): \(failure)")
    }

    private static func addresses(
        of server: ConfiguredAddress, _ resolver: NameResolver
    ) async throws(GRPCError) -> [PeerAddress] {
        if let address = try? PeerAddress(ipAddress: server.host, port: server.port) { return [address] }
        let answer = await withCheckedContinuation { continuation in
            resolver.resolve(server.host, family: .all) { continuation.resume(returning: $0) }
        }
        switch answer {
        case .success(let hosts): return hosts.compactMap { try? PeerAddress(ipAddress: $0, port: server.port) }
        case .failure(let error): throw GRPCError(.unavailable, "cannot resolve \(server.host): \(error)")
        }
    }

    private static func connect(
        _ request: GRPCRequest, to address: PeerAddress, _ options: Options, _ loop: any EventLoop
    ) async throws -> GRPCCall {
        let handler = try await loop.submit {
            NIOLoopBound(GRPCCallHandler(request, options: options, loop: loop), eventLoop: loop)
        }.get()
        let call = GRPCCall(handler, on: loop)
        try await withTaskCancellationHandler {
            _ = try await ClientBootstrap(group: loop)
                .connectTimeout(options.connectTimeout.asTimeAmount)
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if handler.value.isOver { throw ChannelError.ioOnClosedChannel }
                        try channel.pipeline.syncOperations.addHandler(handler.value)
                    }
                }
                .connect(to: address).get()
        } onCancel: {
            call.cancel()
        }
        return call
    }
}
