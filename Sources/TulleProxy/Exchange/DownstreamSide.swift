import NIOCore

/// The downstream half of an exchange, whatever protocol it speaks: an HTTP/1.1 connection's current request, or a stream.
protocol DownstreamSide: AnyObject {
    var wireVersion: WireVersion { get }
    /// Whether more of a response can be taken without piling up.
    var isWritable: Bool { get }
    /// Whether the connection is to end with this response.
    var isLastRequest: Bool { get }

    /// Writes the head of `exchange.response`, whose fields are as they go out.
    func writeHead(of exchange: Exchange)
    /// Writes a head that no body follows, 1xx or of a tunnel, and sends it.
    func writeBareHead(of exchange: Exchange)
    /// Takes a response back of which nothing has been sent; answers false when some has.
    func retractHead() -> Bool
    func writeBody(_ bytes: ByteBuffer, of exchange: Exchange)
    /// Ends the response.
    func writeEnd(of exchange: Exchange, trailers: HeaderBlock?)
    /// The exchange is over and has been recorded; it belongs to its worker again after this.
    func exchangeEnded(keepAlive: Bool)
    /// Breaks off, so that a response that cannot be completed is not taken for complete.
    func abort()
    /// More of the request's body is wanted.
    func resumeReading()
    /// Has what was written stay written: from here on a head is not taken back.
    func commitHead()
    /// Sends what has been written when the loop's turn ends.
    func flushLater()
    /// What follows on the connection is the request's body, to its end.
    func becomeTunnel()
    /// The exchange is over, a CONNECT: what follows on the connection, from these bytes on, is served as a connection of
    /// its own.
    func serveTunnel(_ early: ByteBuffer?)
    /// Leaves the connection to a relay; answers false when it cannot.
    func handOver(to relay: RelayHandler) -> Bool
}

/// The version of HTTP that a connection speaks.
enum WireVersion: UInt8, Sendable {
    case http1, http2

    var name: StaticString { self == .http1 ? "HTTP/1.1" : "HTTP/2" }
}
