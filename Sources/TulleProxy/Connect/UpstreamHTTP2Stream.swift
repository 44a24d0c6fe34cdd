import NIOCore

/// A stream of a connection to an endpoint, which carries one exchange.
final class UpstreamHTTP2Stream: HTTP2Stream, UpstreamSide {
    private(set) var connection: UpstreamHTTP2Connection?
    /// Nil until the exchange begins, and once it is over.
    var exchange: Exchange?
    /// Content that was read and cannot be taken further yet: the peer's window stays smaller by it.
    var heldBytes = 0

    func attach(to connection: UpstreamHTTP2Connection) {
        self.connection = connection
        heldBytes = 0
    }

    func detach() {
        connection = nil
        exchange = nil
    }

    var wireVersion: WireVersion { .http2 }
    var localAddress: PeerAddress? { connection?.localAddress }
    var takesUpgrades: Bool { connection?.takesUpgrades ?? true }

    /// As much of a request may wait for the peer's window before the downstream is read no further.
    private static let maxPendingBytes = 64 << 10

    var isWritable: Bool { pendingBytes < Self.maxPendingBytes && connection?.isWritable ?? false }

    func begin(_ exchange: Exchange) {
        self.exchange = exchange
        connection?.begin(exchange, on: self)
    }

    func writeBody(_ bytes: ByteBuffer, of exchange: Exchange) { connection?.send(bytes, on: self) }

    func writeEnd(of exchange: Exchange) { connection?.sendEnd(on: self, trailers: exchange.requestTrailers) }

    func flushLater() { connection?.flushLater() }

    func resumeReading() { connection?.giveBackHeld(self) }

    func discard() { connection?.leave(self) }

    func abandon() { connection?.leave(self) }

    func giveBack() { connection?.host.cluster.worker.recycle(self) }

    func handOver(to relay: RelayHandler) -> Bool { false }
}
