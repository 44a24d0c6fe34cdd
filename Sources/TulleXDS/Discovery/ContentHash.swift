public import FoundationEssentials

/// A 128-bit digest of bytes, the same in every process and on every run.
///
/// Versions must survive a restart of the control plane, so that a proxy that reconnects is sent only what really
/// changed; Swift's own `Hasher` is seeded anew in each process. Two FNV-1a lanes with different primes keep chance
/// collisions out of reach; it is no defence against an author who builds one on purpose, who would only fail to
/// update a resource of his own.
public struct ContentHash: Hashable, Sendable, CustomStringConvertible {
    // FNV-1a's 64-bit offset and prime; the second lane takes the golden ratio and MurmurHash3's finalizer constant.
    private var low: UInt64 = 0xcbf2_9ce4_8422_2325
    private var high: UInt64 = 0x9e37_79b9_7f4a_7c15

    public init() {}

    public init(_ bytes: Data) {
        bytes.withUnsafeBytes { add($0) }
    }

    public init(_ text: String) {
        add(text)
    }

    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            low = (low ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            high = (high ^ UInt64(byte)) &* 0xff51_afd7_ed55_8ccd
            high ^= high >> 29
        }
    }

    public mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
        // Ends the text, so that ("ab", "c") and ("a", "bc") differ.
        withUnsafeBytes(of: UInt8(0xff)) { add($0) }
    }

    /// The first 64 bits, for checksums.
    public var checksum: UInt64 { low ^ high }

    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(unsafeUninitializedCapacity: 32) { buffer in
            for index in 0..<16 {
                buffer[index] = digits[Int(truncatingIfNeeded: low >> UInt64(60 - 4 * index)) & 15]
                buffer[16 + index] = digits[Int(truncatingIfNeeded: high >> UInt64(60 - 4 * index)) & 15]
            }
            return 32
        }
    }
}
