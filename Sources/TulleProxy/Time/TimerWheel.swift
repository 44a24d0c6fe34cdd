import NIOCore

/// What a timer calls when its time has come.
protocol TimerOwner: AnyObject {
    func timerFired(_ timer: Timer)
}

/// One deadline that is moved again and again, at the price of a store.
///
/// A timer stays where it is in the wheel when its deadline moves back, and is put further on only when its old
/// slot comes up. So a timeout that every request arms and no request reaches costs next to nothing.
final class Timer {
    enum Kind {
        case idle, head, request, attempt, stream, duration, detect, connect, handshake, backOff, demand, lifetime
        case keepalive, close
    }

    let kind: Kind
    /// Set while armed, so that an armed timer keeps its owner alive; `TimerWheel.cancel` breaks the cycle.
    fileprivate(set) var owner: (any TimerOwner)?
    fileprivate var deadline: UInt64 = .max
    /// The tick of the slot that holds this timer, or `.max` when none does.
    fileprivate var scheduledTick: UInt64 = .max

    init(_ kind: Kind) { self.kind = kind }

    var isArmed: Bool { deadline != .max }
}

/// All timeouts of one worker, to the nearest 16 ms.
///
/// The wheel sleeps while no slot is filled: an idle proxy does not wake up.
final class TimerWheel: NIOScheduledCallbackHandler {
    /// Coarse enough that a thousand connections share a wake-up, fine enough for a 50 ms detection limit.
    private static let tickNanoseconds: UInt64 = 16_000_000
    /// With the tick above the wheel spans 8 seconds; later deadlines wait in its last slot and are put on from there.
    private static let slotCount: UInt64 = 512

    private let loop: any EventLoop
    private var slots: ContiguousArray<ContiguousArray<Timer>>
    private var currentTick: UInt64
    private var wakeTick: UInt64 = .max
    private var callback: NIOScheduledCallback?

    init(loop: any EventLoop) {
        self.loop = loop
        slots = ContiguousArray(repeating: [], count: Int(Self.slotCount))
        currentTick = NIODeadline.now().uptimeNanoseconds / Self.tickNanoseconds
    }

    /// Calls the owner once `duration` from `now` has passed, in place of what the timer was armed for before.
    func arm(_ timer: Timer, for owner: any TimerOwner, after duration: Duration, now: NIODeadline = .now()) {
        arm(timer, for: owner, atUptimeNanoseconds: now.uptimeNanoseconds &+ duration.clampedNanoseconds)
    }

    func arm(_ timer: Timer, for owner: any TimerOwner, after amount: TimeAmount, now: NIODeadline = .now()) {
        arm(timer, for: owner, atUptimeNanoseconds: now.uptimeNanoseconds &+ UInt64(max(0, amount.nanoseconds)))
    }

    func arm(_ timer: Timer, for owner: any TimerOwner, atUptimeNanoseconds deadline: UInt64) {
        timer.deadline = deadline
        if timer.owner == nil { timer.owner = owner }
        let tick = deadline / Self.tickNanoseconds + 1
        if tick < timer.scheduledTick { place(timer, tick: tick) }
    }

    func cancel(_ timer: Timer) {
        timer.deadline = .max
        timer.owner = nil
    }

    /// Stops the timer but keeps the owner, for a timer that the next request arms again.
    func disarm(_ timer: Timer) {
        timer.deadline = .max
    }

    private func place(_ timer: Timer, tick: UInt64) {
        if wakeTick == .max {
            // The wheel slept: its hand stands where it was left.
            currentTick = NIODeadline.now().uptimeNanoseconds / Self.tickNanoseconds
        }
        let slotTick = min(max(tick, currentTick + 1), currentTick + Self.slotCount - 1)
        timer.scheduledTick = slotTick
        slots[Int(slotTick % Self.slotCount)].append(timer)
        if slotTick < wakeTick { wake(at: slotTick) }
    }

    private func wake(at tick: UInt64) {
        callback?.cancel()
        wakeTick = tick
        let time = NIODeadline.uptimeNanoseconds(tick * Self.tickNanoseconds)
        callback = try? loop.assumeIsolated().scheduleCallback(at: time, handler: self)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        callback = nil
        wakeTick = .max
        let now = NIODeadline.now().uptimeNanoseconds
        let nowTick = now / Self.tickNanoseconds
        // No slot before the wake-up is filled, and no slot is a whole turn behind.
        var tick = currentTick
        while tick < nowTick, tick < currentTick + Self.slotCount {
            tick += 1
            let slot = Int(tick % Self.slotCount)
            if slots[slot].isEmpty { continue }
            let due = slots[slot]
            slots[slot].removeAll(keepingCapacity: due.count < 64)
            currentTick = tick
            for timer in due {
                if timer.scheduledTick == tick {
                    settle(timer, now: now)
                } else if timer.scheduledTick != .max, Int(timer.scheduledTick % Self.slotCount) == slot {
                    // Placed for the next turn of the wheel while this one was still being read.
                    slots[slot].append(timer)
                }
            }
        }
        currentTick = max(nowTick, tick)
        sleep()
    }

    private func settle(_ timer: Timer, now: UInt64) {
        timer.scheduledTick = .max
        guard timer.deadline != .max else { return }
        if timer.deadline > now {
            place(timer, tick: timer.deadline / Self.tickNanoseconds + 1)
            return
        }
        timer.deadline = .max
        guard let owner = timer.owner else { return }
        timer.owner = nil
        owner.timerFired(timer)
    }

    private func sleep() {
        var tick = currentTick + 1
        let end = currentTick + Self.slotCount
        while tick < end {
            if !slots[Int(tick % Self.slotCount)].isEmpty {
                if tick < wakeTick { wake(at: tick) }
                return
            }
            tick += 1
        }
    }
}

extension Duration {
    /// Whole nanoseconds, no less than zero and no more than about 146 years.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        if seconds < 0 { return 0 }
        if seconds > 4_000_000_000 { return UInt64.max / 4 }
        return UInt64(seconds) &* 1_000_000_000 &+ UInt64(max(0, attoseconds) / 1_000_000_000)
    }

    var asTimeAmount: TimeAmount { .nanoseconds(Int64(clamping: clampedNanoseconds)) }
}
