import NIOCore
import NIOSSL
import TulleModel

/// One gRPC call on an HTTP/2 connection of its own: the caller's messages out; the server's messages in, and its status.
///
/// Everything happens on the connection's loop, and the closures are called there. The server sends as much as the window
/// lets it: room is given back at once while the caller keeps up, and else when all that waits for it has been taken.
final class GRPCCallHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    typealias Receiver = (Result<[UInt8]?, GRPCError>) -> Void
    typealias Waiter = (Result<Void, GRPCError>) -> Void

    private let options: GRPCCall.Options
    private let loop: any EventLoop
    private var context: ChannelHandlerContext?
    private var machine: HTTP2Machine<HTTP2Stream>
    private let stream = HTTP2Stream()
    private var reader: GRPCMessageReader
    private var input: ByteBuffer?

    /// Whole messages that the caller has not taken, and the bytes that the server's window is smaller by meanwhile.
    private var messages: CircularBuffer<[UInt8]> = []
    private var heldBytes = 0
    private var receivers: CircularBuffer<Receiver> = []
    /// Callers whose message waits for the server's window or the socket.
    private var senders: [Waiter] = []
    private var acceptors: [Waiter] = []
    private var isAccepted = false
    /// How the call ended; nil while it goes on.
    private var outcome: Result<Void, GRPCError>?
    private var goAwayCode: HTTP2ErrorCode?

    private var lastRead: NIODeadline
    private var awaitsPong = false
    private var keepalive: Scheduled<Void>?

    private static let limits = HTTP1Limits()
    /// As much of what the caller sends may wait for the server's window before the caller is held up.
    private static let maxPendingBytes = 64 << 10

    init(_ request: GRPCRequest, options: GRPCCall.Options, loop: any EventLoop) {
        self.options = options
        self.loop = loop
        lastRead = loop.now
        reader = GRPCMessageReader(maxMessageBytes: options.maxMessageBytes)
        var http2 = HTTP2Options()
        http2.connectionWindowBytes = http2.streamWindowBytes
        machine = HTTP2Machine(isServer: false, options: http2, maxHeadBytes: Self.limits.maxHeadBytes)
        // Kept in the machine's output until the connection is open.
        machine.open(stream)
        machine.sendHead(on: stream, end: false, bound: request.http2Bound) { request.writeHTTP2(to: &$0) }
    }

    // MARK: From the caller

    /// Tells once the server has taken the call up, which some servers do with their first message only.
    func whenAccepted(_ acceptor: @escaping Waiter) {
        if isAccepted { return acceptor(.success(())) }
        if let outcome { return acceptor(outcome) }
        acceptors.append(acceptor)
    }

    /// Sends a message; tells when the next may follow.
    func send(_ message: [UInt8], _ sender: @escaping Waiter) {
        if outcome != nil || stream.localEnded { return sender(.failure(ended)) }
        guard let length = UInt32(exactly: message.count) else {
            return sender(.failure(GRPCError(.resourceExhausted, "a message of \(message.count) bytes")))
        }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(message.count + 5)
        bytes.writeInteger(0 as UInt8)
        bytes.writeInteger(length)
        bytes.writeBytes(message)
        machine.send(bytes, on: stream)
        flush()
        if canSend { sender(.success(())) } else { senders.append(sender) }
    }

    /// Ends the caller's side in good order; the server's goes on.
    func halfClose() {
        machine.sendEnd(on: stream)
        flush()
    }

    /// Asks for the next message; nil says that the call ended well.
    func receive(_ receiver: @escaping Receiver) {
        if let message = messages.popFirst() {
            if messages.isEmpty { giveBackHeld() }
            return receiver(.success(message))
        }
        if let outcome { return receiver(outcome.map { nil }) }
        receivers.append(receiver)
    }

    /// Gives the call up, with what has not been taken of it; one that has ended keeps that for its reader.
    func cancel() {
        guard outcome == nil else { return }
        messages.removeAll()
        end(.failure(GRPCError(.cancelled, "the call was cancelled")))
    }

    /// Whether the call is over before its connection was made.
    var isOver: Bool { outcome != nil }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        lastRead = loop.now
        armKeepalive(after: options.keepaliveTime.asTimeAmount)
        flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        lastRead = loop.now
        awaitsPong = false
        if input == nil { input = bytes } else { input!.writeBuffer(&bytes) }
        process()
        flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { releaseSenders() }

    func channelInactive(context: ChannelHandlerContext) {
        let reason = goAwayCode.map { " after GOAWAY with code \($0.rawValue)" } ?? ""
        end(.failure(GRPCError(.unavailable, "the server closed the connection\(reason)")))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(.failure(GRPCError(.unavailable, "the connection broke: \(Self.cause(error))")))
    }

    private static func cause(_ error: any Error) -> String {
        switch error {
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: HandshakeFailure(error).text
        default: ConnectFailure(error).text
        }
    }

    // MARK: Events

    private func process() {
        machine.now = lastRead.uptimeNanoseconds
        reading: while outcome == nil, input != nil {
            switch machine.next(&input!) {
            case .needMore: break reading
            case .head(_, let fragment, let isLast): readHead(fragment, isLast)
            case .data(_, let content, let isLast): readContent(content, isLast)
            case .reset(_, let code):
                end(.failure(GRPCError(GRPCCode(code), "the server reset the call with code \(code.rawValue)")))
            case .broke(_, let code):
                end(.failure(GRPCError(.internalError, "the server broke a rule of HTTP/2: code \(code.rawValue)")))
            case .windowOpened, .settingsChanged:
                machine.pump(stream)
                while let queued = machine.nextQueued() { machine.pump(queued) }
                flush()
                releaseSenders()
            case .goAway(let last, let code):
                goAwayCode = code
                guard last < stream.id else { break }
                end(.failure(GRPCError(.unavailable, "the server takes no calls: GOAWAY with code \(code.rawValue)")))
            case .pong: break
            case .opened(let id, let fragment, _):
                // A server opens no stream, since push is off; the machine lets none through.
                if let failure = machine.refuse(id: id, fragment: fragment) { fail(failure) }
            case .failed(let failure): end(.failure(Self.error(failure)))
            }
        }
        if input?.readableBytes == 0 || outcome != nil { input = nil }
    }

    private func readHead(_ fragment: ByteBuffer, _ isLast: Bool) {
        var head = ResponseHead()
        var pseudo = PseudoFields()
        let result = machine.decode(
            fragment, as: stream.hasHead ? .trailers : .response, limits: Self.limits, into: &head.block,
            pseudo: &pseudo)
        switch result {
        case .broken: return fail(HTTP2Machine<HTTP2Stream>.compressionFailure)
        case .tooLarge:
            let most = Self.limits.maxHeadBytes
            return end(.failure(GRPCError(.resourceExhausted, "metadata of over \(most) bytes or too many fields")))
        case .malformed: return end(.failure(GRPCError(.internalError, "metadata that is no HTTP/2 field block")))
        case .complete: break
        }
        if stream.hasHead { return readTrailers(head.block, isLast) }
        guard head.interpretHTTP2(pseudo, end: isLast, requestMethod: .post) else {
            return end(.failure(GRPCError(.internalError, "a head that is no HTTP/2 response")))
        }
        if head.isInterim { return }
        stream.hasHead = true
        if isLast { machine.remoteEnded(stream) }
        if let error = GRPCStatus.fault(of: head) { return end(.failure(error)) }
        if isLast { return end(GRPCStatus.outcome(head.block)) }
        isAccepted = true
        let acceptors = acceptors
        self.acceptors = []
        for acceptor in acceptors { acceptor(.success(())) }
    }

    private func readTrailers(_ trailers: HeaderBlock, _ isLast: Bool) {
        guard isLast else { return end(.failure(GRPCError(.internalError, "trailers that do not end the call"))) }
        machine.remoteEnded(stream)
        let outcome = GRPCStatus.outcome(trailers)
        if case .success = outcome, reader.isMidMessage {
            return end(.failure(GRPCError(.internalError, "the call ended within a message")))
        }
        end(outcome)
    }

    private func readContent(_ content: ByteBuffer, _ isLast: Bool) {
        let count = content.readableBytes
        var content = content
        reading: while outcome == nil {
            switch reader.next(&content) {
            case .needMore: break reading
            case .message(let message):
                if let receiver = receivers.popFirst() {
                    receiver(.success(message))
                } else {
                    messages.append(message)
                }
            case .failed(let error): end(.failure(error))
            }
        }
        if messages.isEmpty { machine.consume(count, on: stream) } else { heldBytes += count }
        if isLast { end(GRPCStatus.outcome(HeaderBlock())) }
    }

    private func giveBackHeld() {
        machine.consume(heldBytes, on: stream)
        heldBytes = 0
        flush()
    }

    private var canSend: Bool {
        stream.pendingBytes < Self.maxPendingBytes && context?.channel.isWritable ?? true
    }

    private func releaseSenders() {
        guard canSend, outcome == nil else { return }
        let senders = senders
        self.senders = []
        for sender in senders { sender(.success(())) }
    }

    private func flush() {
        guard let context, context.channel.isActive else { return }
        var hasOutput = false
        while let bytes = machine.output.next() {
            hasOutput = true
            context.write(wrapOutboundOut(bytes), promise: nil)
        }
        guard hasOutput else { return }
        context.flush()
        if context.channel.isWritable { machine.written() }
    }

    // MARK: Ends

    private func fail(_ failure: HTTP2Failure) {
        _ = machine.fail(failure)
        end(.failure(Self.error(failure)))
    }

    private static func error(_ failure: HTTP2Failure) -> GRPCError {
        GRPCError(.internalError, "the server does not speak HTTP/2 as it should: \(failure.reason)")
    }

    private func end(_ outcome: Result<Void, GRPCError>) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        keepalive?.cancel()
        keepalive = nil
        // What the caller has not said yet is of no use to a server that has answered.
        machine.reset(stream, .cancel)
        if !machine.isFailed { machine.goAway() }
        flush()
        context?.close(promise: nil)
        let waiters = (isAccepted ? [] : acceptors, senders, receivers)
        (acceptors, senders) = ([], [])
        receivers.removeAll()
        for acceptor in waiters.0 { acceptor(outcome) }
        for sender in waiters.1 { sender(.failure(ended)) }
        // There is none while messages wait.
        for receiver in waiters.2 { receiver(outcome.map { nil }) }
    }

    /// What a message gets that comes too late.
    private var ended: GRPCError {
        if case .failure(let error) = outcome { return error }
        return GRPCError(.unavailable, "nothing can be sent behind the end of a call")
    }

    // MARK: Keepalive

    private func armKeepalive(after delay: TimeAmount) {
        keepalive = loop.assumeIsolated().scheduleTask(in: delay) { self.keepaliveFired() }
    }

    private func keepaliveFired() {
        guard outcome == nil else { return }
        if awaitsPong {
            return end(.failure(GRPCError(.unavailable, "the server did not answer a ping")))
        }
        let silence = loop.now - lastRead
        let time = options.keepaliveTime.asTimeAmount
        if silence < time { return armKeepalive(after: time - silence) }
        awaitsPong = true
        machine.ping(loop.now.uptimeNanoseconds)
        flush()
        armKeepalive(after: options.keepaliveTimeout.asTimeAmount)
    }
}
