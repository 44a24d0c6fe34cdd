import NIOCore
import NIOPosix
import Testing

@testable import TulleProxy

@Suite("timers on the wheel")
struct TimerWheelTests {
    private final class Owner: TimerOwner {
        var fired: [ObjectIdentifier] = []
        var whenFired: (() -> Void)?
        func timerFired(_ timer: Timer) {
            fired.append(ObjectIdentifier(timer))
            whenFired?()
        }
    }

    /// Runs the body on a loop of its own and waits for what it promises, ten seconds at the most.
    private func onLoop(_ body: @escaping @Sendable (any EventLoop) -> EventLoopFuture<Void>) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let result = loop.flatSubmit { () -> EventLoopFuture<Void> in
            let promise = loop.makePromise(of: Void.self)
            loop.scheduleTask(in: .seconds(10)) { promise.fail(ChannelError.connectTimeout(.seconds(10))) }
            body(loop).cascade(to: promise)
            return promise.futureResult
        }
        do {
            try await result.get()
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    @Test("a timer fires once, not before its time")
    func fires() async throws {
        try await onLoop { loop in
            let wheel = TimerWheel(loop: loop)
            let timer = Timer(.idle)
            let owner = Owner()
            let promise = loop.makePromise(of: Void.self)
            let start = NIODeadline.now()
            owner.whenFired = {
                #expect(NIODeadline.now() - start >= .milliseconds(50))
                #expect(owner.fired.count == 1)
                #expect(!timer.isArmed)
                promise.succeed()
            }
            wheel.arm(timer, for: owner, after: .milliseconds(50))
            return promise.futureResult
        }
    }

    @Test("a cancelled timer stays silent while others fire")
    func cancelled() async throws {
        try await onLoop { loop in
            let wheel = TimerWheel(loop: loop)
            let silent = Timer(.idle)
            let loud = Timer(.idle)
            let owner = Owner()
            let promise = loop.makePromise(of: Void.self)
            owner.whenFired = {
                #expect(owner.fired == [ObjectIdentifier(loud)])
                promise.succeed()
            }
            wheel.arm(silent, for: owner, after: .milliseconds(20))
            wheel.arm(loud, for: owner, after: .milliseconds(80))
            wheel.cancel(silent)
            return promise.futureResult
        }
    }

    @Test("a timer that is moved back waits for its new time, one that is moved forward does not wait for its old one")
    func moved() async throws {
        try await onLoop { loop in
            let wheel = TimerWheel(loop: loop)
            let back = Timer(.idle)
            let forward = Timer(.idle)
            let owner = Owner()
            let promise = loop.makePromise(of: Void.self)
            let start = NIODeadline.now()
            owner.whenFired = {
                if owner.fired.count == 1 {
                    #expect(owner.fired == [ObjectIdentifier(forward)])
                    #expect(NIODeadline.now() - start < .seconds(5))
                } else {
                    #expect(owner.fired.last == ObjectIdentifier(back))
                    #expect(NIODeadline.now() - start >= .milliseconds(150))
                    promise.succeed()
                }
            }
            wheel.arm(back, for: owner, after: .milliseconds(20))
            wheel.arm(back, for: owner, after: .milliseconds(150))
            wheel.arm(forward, for: owner, after: .seconds(6))
            wheel.arm(forward, for: owner, after: .milliseconds(60))
            return promise.futureResult
        }
    }

    @Test("a timer armed again from its own firing fires again")
    func again() async throws {
        try await onLoop { loop in
            let wheel = TimerWheel(loop: loop)
            let timer = Timer(.idle)
            let owner = Owner()
            let promise = loop.makePromise(of: Void.self)
            owner.whenFired = {
                if owner.fired.count == 5 { return promise.succeed() }
                wheel.arm(timer, for: owner, after: .milliseconds(17))
            }
            wheel.arm(timer, for: owner, after: .milliseconds(17))
            return promise.futureResult
        }
    }

    @Test("durations are clamped, not trapped on")
    func clamps() {
        #expect(Duration.seconds(-5).clampedNanoseconds == 0)
        #expect(Duration.milliseconds(15).clampedNanoseconds == 15_000_000)
        #expect(Duration.seconds(Int64.max).clampedNanoseconds == UInt64.max / 4)
    }
}
