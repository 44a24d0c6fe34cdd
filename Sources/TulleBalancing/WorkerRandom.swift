/// A worker's own source of random numbers: a few instructions a number, seeded, not for secrets.
///
/// The generator is wyrand. It passes the usual statistical batteries and holds 8 bytes; the system's generator
/// would cost a system call or a lock, and hash-based pickers need no more than even spread.
public struct WorkerRandom: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// The same seed gives the same numbers.
    @inlinable
    public init(seed: UInt64) {
        state = seed &+ 0x9E37_79B9_7F4A_7C15
    }

    @inlinable
    public mutating func next() -> UInt64 {
        state = state &+ 0xA076_1D64_78BD_642F
        let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }

    /// A number from 0 up to but without `bound`, which must be above 0.
    ///
    /// The bias is below `bound` in 2^64, far under anything a balancer could show.
    @inlinable
    public mutating func next(below bound: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(truncatingIfNeeded: bound)).high)
    }
}
