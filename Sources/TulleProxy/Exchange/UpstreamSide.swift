import NIOCore

/// The upstream half of an exchange, whatever protocol it speaks.
protocol UpstreamSide: AnyObject {
    var wireVersion: WireVersion { get }
    var isWritable: Bool { get }
    var localAddress: PeerAddress? { get }
    /// Whether the endpoint can switch to another protocol, as far as it has said.
    var takesUpgrades: Bool { get }

    /// Begins the exchange and writes its request's head.
    func begin(_ exchange: Exchange)
    func writeBody(_ bytes: ByteBuffer, of exchange: Exchange)
    func writeEnd(of exchange: Exchange)
    /// Sends what has been written when the loop's turn ends.
    func flushLater()
    /// The downstream can take more of the response.
    func resumeReading()
    /// Gives up an exchange whose response is whole.
    func discard()
    /// Gives up an exchange in the middle of a message.
    func abandon()
    /// Given to an exchange that does not want it any more, and not begun.
    func giveBack()
    /// Leaves the connection to a relay; answers false when it cannot.
    func handOver(to relay: RelayHandler) -> Bool
}
