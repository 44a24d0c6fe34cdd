import Foundation
import Testing

@testable import TulleCommand

/// The order of a run.
struct RunMachineTests {
    /// A machine whose command runs.
    private func running(clientOnly: Bool = false) -> RunMachine {
        var machine = RunMachine(startsAnyway: false, isClientOnly: clientOnly)
        _ = machine.handle(.identitySettled)
        _ = machine.handle(.proxyReady)
        return machine
    }

    @Test("a run that was stopped before it was clear how its sidecar gets a certificate starts none")
    func stoppedEarly() {
        var machine = RunMachine(startsAnyway: false, isClientOnly: false)
        _ = machine.begin()
        #expect(machine.handle(.signalHeard(SIGINT)) == [.leave])
        #expect(machine.handle(.identitySettled) == [])
        #expect(machine.handle(.left) == [.exit(130)])
    }

    @Test("the command starts only when the sidecar is ready")
    func ready() {
        var machine = RunMachine(startsAnyway: false, isClientOnly: false)
        #expect(machine.begin() == [.settleIdentity])
        #expect(machine.handle(.identitySettled) == [.startProxy])
        #expect(machine.handle(.proxyReady) == [.startCommand, .watchPorts])
        #expect(machine.handle(.readyWaitElapsed) == [])
    }

    @Test("no configuration in time ends the run with 125 and starts nothing")
    func notReady() {
        var machine = RunMachine(startsAnyway: false, isClientOnly: false)
        _ = machine.handle(.identitySettled)
        #expect(machine.handle(.readyWaitElapsed) == [.report(.notReady), .leave, .stopProxy])
        #expect(machine.handle(.left) == [])
        #expect(machine.handle(.proxyExited(.status(0), uptime: .seconds(1))) == [.exit(125)])
    }

    @Test("--start-anyway starts the command without configuration")
    func anyway() {
        var machine = RunMachine(startsAnyway: true, isClientOnly: false)
        _ = machine.handle(.identitySettled)
        #expect(machine.handle(.readyWaitElapsed) == [.report(.startingAnyway), .startCommand, .watchPorts])
    }

    @Test("callers are sent once the command listens, unless it is on its way out by then")
    func listens() {
        var machine = running()
        #expect(machine.handle(.commandListens) == [.announceReady])
        var leaving = running()
        _ = leaving.handle(.signalHeard(SIGTERM))
        #expect(leaving.handle(.commandListens) == [])
        var gone = running()
        _ = gone.handle(.commandExited(.status(0)))
        #expect(gone.handle(.commandListens) == [])
    }

    @Test("nobody waits for the ports of a client")
    func portless() {
        var machine = RunMachine(startsAnyway: false, isClientOnly: true)
        _ = machine.handle(.identitySettled)
        #expect(machine.handle(.proxyReady) == [.startCommand])
    }

    @Test("the command's status is the run's, after the registry was left and the sidecar is gone")
    func status() {
        var machine = running()
        #expect(machine.handle(.commandExited(.status(7))) == [.leave, .stopProxy])
        #expect(machine.handle(.proxyExited(.status(0), uptime: .seconds(1))) == [])
        #expect(machine.handle(.left) == [.exit(7)])
    }

    @Test("a command that a signal ended gives 128 plus its number")
    func signalled() {
        var machine = running()
        // Torn away: its sidecar must not go on answering for it.
        #expect(machine.handle(.commandExited(.signal(SIGKILL))) == [.killProxy, .leave])
        _ = machine.handle(.left)
        #expect(machine.handle(.proxyExited(.status(0), uptime: .seconds(1))) == [.exit(137)])
    }

    @Test("on SIGTERM the registry is left before the command is told")
    func term() {
        var machine = running()
        #expect(machine.handle(.signalHeard(SIGTERM)) == [.leave, .awaitDrain])
        #expect(machine.handle(.left) == [.drainProxy])
        #expect(machine.handle(.drainElapsed) == [.forward(SIGTERM)])
        #expect(machine.handle(.commandExited(.status(0))) == [.stopProxy])
        #expect(machine.handle(.proxyExited(.status(0), uptime: .seconds(1))) == [.exit(0)])
    }

    @Test("a second SIGTERM does not wait for the drain")
    func twice() {
        var machine = running()
        _ = machine.handle(.signalHeard(SIGTERM))
        #expect(machine.handle(.signalHeard(SIGTERM)) == [.forward(SIGTERM)])
        #expect(machine.handle(.drainElapsed) == [])
    }

    @Test("a client that nobody calls gets SIGTERM at once")
    func client() {
        var machine = running(clientOnly: true)
        #expect(machine.handle(.signalHeard(SIGTERM)) == [.forward(SIGTERM)])
    }

    @Test("other signals are passed on", arguments: [SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH])
    func forwarded(number: Int32) {
        var machine = running()
        #expect(machine.handle(.signalHeard(number)) == [.forward(number)])
    }

    @Test("a dead sidecar is restarted, at once and then ever later, and the command is told nothing")
    func restarts() {
        var machine = running()
        let died = RunMachine.Event.proxyExited(.signal(SIGKILL), uptime: .milliseconds(1))
        let report = RunMachine.Action.report(.proxyRestarts(.signal(SIGKILL)))
        #expect(machine.handle(died) == [report, .startProxyLater(.zero)])
        #expect(machine.handle(.restartDue) == [.startProxy])
        #expect(machine.handle(died) == [report, .startProxyLater(.milliseconds(50))])
        _ = machine.handle(.restartDue)
        #expect(machine.handle(died) == [report, .startProxyLater(.milliseconds(100))])
    }

    @Test("a sidecar that dies before it is ready ends the run")
    func diesEarly() {
        var machine = RunMachine(startsAnyway: false, isClientOnly: false)
        _ = machine.handle(.identitySettled)
        let actions = machine.handle(.proxyExited(.status(1), uptime: .zero))
        #expect(actions == [.report(.proxyDiedEarly(.status(1))), .leave])
        #expect(machine.handle(.left) == [.exit(125)])
    }

    @Test("a restart that comes due while the run ends is not carried out")
    func lateRestart() {
        var machine = running()
        _ = machine.handle(.proxyExited(.signal(SIGKILL), uptime: .zero))
        #expect(machine.handle(.commandExited(.status(0))) == [.leave])
        #expect(machine.handle(.restartDue) == [])
        #expect(machine.handle(.left) == [.exit(0)])
    }

    @Test("a sidecar that outstays its grace is killed")
    func grace() {
        var machine = running()
        _ = machine.handle(.commandExited(.status(0)))
        #expect(machine.handle(.proxyGraceElapsed) == [.killProxy])
    }

    @Test(
        "a command that cannot be found gives 127, one that cannot be run 126",
        arguments: [(ENOENT, Int32(127)), (EACCES, Int32(126))])
    func refused(code: Int32, status: Int32) {
        var machine = running()
        let refusal = Launch.Refusal(program: "x", code: code)
        #expect(machine.handle(.commandRefused(refusal)) == [.report(.commandRefused(refusal)), .leave, .stopProxy])
        _ = machine.handle(.left)
        #expect(machine.handle(.proxyExited(.status(0), uptime: .zero)) == [.exit(status)])
    }

    @Test("SIGTERM before the command runs ends the run with 143")
    func early() {
        var machine = RunMachine(startsAnyway: false, isClientOnly: false)
        _ = machine.handle(.identitySettled)
        #expect(machine.handle(.signalHeard(SIGTERM)) == [.leave, .stopProxy])
        #expect(machine.handle(.proxyReady) == [])
        _ = machine.handle(.left)
        #expect(machine.handle(.proxyExited(.status(0), uptime: .zero)) == [.exit(143)])
    }
}
