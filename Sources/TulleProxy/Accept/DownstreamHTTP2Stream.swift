import NIOCore

/// A stream of a downstream HTTP/2 connection, which carries one exchange.
final class DownstreamHTTP2Stream: HTTP2Stream, DownstreamSide {
    private(set) var handler: DownstreamHTTP2Handler?
    /// Nil once the exchange is over, while what it wrote may still wait for the peer's window.
    var exchange: Exchange?
    /// Content that was read and is not wanted yet: the peer's window stays smaller by it.
    var heldBytes = 0

    func attach(to handler: DownstreamHTTP2Handler, _ exchange: Exchange) {
        self.handler = handler
        self.exchange = exchange
        heldBytes = 0
    }

    func detach() {
        handler = nil
        exchange = nil
    }

    var wireVersion: WireVersion { .http2 }

    /// As much of a response may wait for the peer's window before the upstream is read no further.
    private static let maxPendingBytes = 64 << 10

    var isWritable: Bool { pendingBytes < Self.maxPendingBytes && handler?.isWritable ?? false }
    /// A connection of streams ends by GOAWAY, whatever is said on one of them.
    var isLastRequest: Bool { false }

    func writeHead(of exchange: Exchange) { handler?.sendHead(of: exchange, on: self) }

    func writeBareHead(of exchange: Exchange) {
        handler?.sendHead(of: exchange, on: self)
        handler?.flush()
    }

    func retractHead() -> Bool { false }

    func writeBody(_ bytes: ByteBuffer, of exchange: Exchange) { handler?.send(bytes, on: self) }

    func writeEnd(of exchange: Exchange, trailers: HeaderBlock?) { handler?.sendEnd(on: self, trailers: trailers) }

    func commitHead() {}

    func flushLater() { handler?.flushLater() }

    func exchangeEnded(keepAlive: Bool) { handler?.exchangeEnded(on: self) }

    func abort() { handler?.abort(self) }

    func resumeReading() { handler?.giveBackHeld(self) }

    /// A stream is one as it is.
    func becomeTunnel() {}

    /// Never asked for: what a stream tunnels is not looked into (`Exchange.take`).
    func serveTunnel(_ early: ByteBuffer?) { abort() }

    func handOver(to relay: RelayHandler) -> Bool { false }
}
