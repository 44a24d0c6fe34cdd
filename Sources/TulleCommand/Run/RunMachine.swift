import Foundation

/// The order of a run: sidecar ready, then the command; the command listening, then its callers; the registry left, then the command stopped; the command gone,
/// then the sidecar drained. Events in, actions out; no clock, no process, no socket.
struct RunMachine: Sendable {
    enum Event: Equatable, Sendable {
        /// It is clear how the sidecar gets a certificate, or that it does not.
        case identitySettled
        /// The sidecar has its configuration and listens.
        case proxyReady
        /// The bound on waiting for that has passed.
        case readyWaitElapsed
        case proxyRefused(String)
        case proxyExited(ChildExit, uptime: Duration)
        case restartDue
        case commandRefused(Launch.Refusal)
        case commandExited(ChildExit)
        /// Something accepts connections on each of the ports.
        case commandListens
        case signalHeard(Int32)
        /// The control plane has been told that the workload goes, or cannot be told.
        case left
        /// Callers have had their time to hear of it.
        case drainElapsed
        case proxyGraceElapsed
    }

    enum Action: Equatable, Sendable {
        /// See to it that `identitySettled` follows.
        case settleIdentity
        case startProxy
        case startProxyLater(Duration)
        case startCommand
        /// See to it that `commandListens` follows.
        case watchPorts
        /// Have the control plane send callers.
        case announceReady
        /// Pass a signal to the command.
        case forward(Int32)
        case leave
        case awaitDrain
        /// Have the sidecar close callers' kept-alive connections after their next answer.
        case drainProxy
        /// End the sidecar gently, within its grace.
        case stopProxy
        case killProxy
        case report(Report)
        case exit(Int32)
    }

    enum Report: Equatable, Sendable {
        case notReady
        case startingAnyway
        case proxyDiedEarly(ChildExit)
        case proxyRefused(String)
        case proxyRestarts(ChildExit)
        case commandRefused(Launch.Refusal)
    }

    private enum Phase: Equatable {
        /// The sidecar is starting; the command is not.
        case preparing
        case running
        /// Out of the registry, still answering, so that callers who have not heard yet are served.
        case draining
        /// The command was asked to end.
        case stopping
        /// The command is gone; the sidecar goes.
        case closing(Int32)
    }

    private let startsAnyway: Bool
    private let isClientOnly: Bool
    private var phase = Phase.preparing
    private var backoff = Backoff()
    private var proxyLives = false
    private var hasLeft = false
    private var hasAskedToLeave = false

    init(startsAnyway: Bool, isClientOnly: Bool) {
        self.startsAnyway = startsAnyway
        self.isClientOnly = isClientOnly
    }

    func begin() -> [Action] { [.settleIdentity] }

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .proxyReady:
            guard phase == .preparing else { return [] }
            phase = .running
            return start()
        case .readyWaitElapsed:
            guard phase == .preparing else { return [] }
            guard startsAnyway else { return [.report(.notReady)] + close(RunStatus.failed) }
            phase = .running
            return [.report(.startingAnyway)] + start()
        case .proxyRefused(let reason):
            proxyLives = false
            // Deleted under a running app, say by an upgrade: it may come back.
            if phase != .preparing, !isClosing { return [.startProxyLater(Backoff.longest)] }
            return [.report(.proxyRefused(reason))] + close(RunStatus.failed)
        case .proxyExited(let exit, let uptime):
            return proxyExited(exit, uptime)
        case .identitySettled, .restartDue:
            guard !isClosing else { return [] }
            proxyLives = true
            return [.startProxy]
        case .commandRefused(let refusal):
            return [.report(.commandRefused(refusal))] + close(refusal.shellStatus)
        case .commandListens:
            return phase == .running ? [.announceReady] : []
        case .commandExited(let exit):
            return close(exit.shellStatus, hasCrashed: hasCrashed(exit))
        case .signalHeard(let number):
            return signalHeard(number)
        case .left:
            hasLeft = true
            return phase == .draining ? [.drainProxy] : finished()
        case .drainElapsed:
            guard phase == .draining else { return [] }
            phase = .stopping
            return [.forward(SIGTERM)]
        case .proxyGraceElapsed:
            return isClosing && proxyLives ? [.killProxy] : []
        }
    }

    /// Nobody waits for the ports of a client: it has none.
    private func start() -> [Action] { isClientOnly ? [.startCommand] : [.startCommand, .watchPorts] }

    private mutating func proxyExited(_ exit: ChildExit, _ uptime: Duration) -> [Action] {
        proxyLives = false
        switch phase {
        case .closing: return finished()
        case .preparing: return [.report(.proxyDiedEarly(exit))] + close(RunStatus.failed)
        case .running, .draining, .stopping:
            return [.report(.proxyRestarts(exit)), .startProxyLater(backoff.next(uptime: uptime))]
        }
    }

    private mutating func signalHeard(_ number: Int32) -> [Action] {
        switch phase {
        case .preparing:
            return [SIGTERM, SIGINT, SIGHUP, SIGQUIT].contains(number) ? close(128 + number) : []
        case .running where number == SIGTERM && !isClientOnly:
            phase = .draining
            hasAskedToLeave = true
            return [.leave, .awaitDrain]
        case .draining where number == SIGTERM:
            // Asked twice: whoever asks is in a hurry.
            phase = .stopping
            return [.forward(number)]
        case .running, .draining, .stopping:
            return [.forward(number)]
        case .closing:
            return proxyLives && [SIGTERM, SIGINT, SIGQUIT].contains(number) ? [.killProxy] : []
        }
    }

    private var isClosing: Bool {
        if case .closing = phase { true } else { false }
    }

    /// Whether the command was torn away while callers still came. Its sidecar then goes at once too: a gentle one would
    /// answer 503 on every connection that callers keep, where a closed one sends them to another instance.
    private func hasCrashed(_ exit: ChildExit) -> Bool {
        guard case .signal(let number) = exit, phase == .running, !isClientOnly else { return false }
        return ![SIGTERM, SIGINT, SIGHUP].contains(number)
    }

    private mutating func close(_ status: Int32, hasCrashed: Bool = false) -> [Action] {
        guard !isClosing else { return [] }
        phase = .closing(status)
        var actions: [Action] = []
        if hasCrashed, proxyLives { actions.append(.killProxy) }
        if !hasAskedToLeave { actions.append(.leave) }
        hasAskedToLeave = true
        if !hasCrashed, proxyLives { actions.append(.stopProxy) }
        return actions + finished()
    }

    /// Nothing is left behind when both are true: the sidecar is gone, and the registry knows.
    private func finished() -> [Action] {
        guard case .closing(let status) = phase, hasLeft, !proxyLives else { return [] }
        return [.exit(status)]
    }
}
