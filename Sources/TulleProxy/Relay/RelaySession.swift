import NIOCore

/// A pair of connections that are relayed, from the moment both stand to the moment both are gone.
final class RelaySession: TimerOwner, RelayEnd {
    private let wheel: TimerWheel
    let readBuffers: ReadBuffers
    private let idleTimer = Timer(.idle)
    private let idleTimeout: TimeAmount
    /// Called once, when both sides have closed.
    var ended: ((RelaySession) -> Void)?
    private var openSides = 2
    /// Set after traffic, so that a busy relay arms its timer once a period and not once a read.
    private var wasActive = false
    private(set) var timedOut = false
    private(set) var downstream: RelayHandler!
    private(set) var upstream: RelayHandler!

    /// Zero never times out.
    init(worker: Worker, idleTimeout: TimeAmount) {
        wheel = worker.wheel
        readBuffers = worker.readBuffers
        self.idleTimeout = idleTimeout
        downstream = RelayHandler(session: self)
        upstream = RelayHandler(session: self)
        RelayHandler.join(downstream, upstream)
    }

    var handler: any ChannelHandler { upstream }

    /// Begins to read both sides, once both handlers stand in their pipelines.
    func start() {
        if idleTimeout > .zero { wheel.arm(idleTimer, for: self, after: idleTimeout) }
        // What came before the other side stood was only written.
        downstream.flush()
        upstream.flush()
        downstream.startReading()
        upstream.startReading()
    }

    func isActive() { wasActive = true }

    func sideClosed() {
        openSides -= 1
        guard openSides == 0 else { return }
        wheel.cancel(idleTimer)
        ended?(self)
        ended = nil
    }

    /// Closes both sides, as a drain at its end does.
    func close() {
        downstream.close()
        upstream.close()
    }

    func timerFired(_ timer: Timer) {
        if wasActive {
            wasActive = false
            wheel.arm(timer, for: self, after: idleTimeout)
        } else {
            timedOut = true
            close()
        }
    }
}
