import NIOCore

/// The value of `grpc-timeout`: at most eight digits and a unit.
enum GRPCTimeout {
    /// Nil for what is no timeout, which is as if there were none.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> TimeAmount? {
        guard (2...9).contains(bytes.count) else { return nil }
        var number: Int64 = 0
        for byte in bytes.dropLast() {
            let digit = byte &- 0x30
            guard digit < 10 else { return nil }
            number = number &* 10 &+ Int64(digit)
        }
        // Eight digits of hours are 3.6e20 nanoseconds; what does not fit is for ever.
        let unit: Int64
        switch bytes[bytes.count &- 1] {
        case UInt8(ascii: "H"): unit = 3_600_000_000_000
        case UInt8(ascii: "M"): unit = 60_000_000_000
        case UInt8(ascii: "S"): unit = 1_000_000_000
        case UInt8(ascii: "m"): unit = 1_000_000
        case UInt8(ascii: "u"): unit = 1000
        case UInt8(ascii: "n"): unit = 1
        default: return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return .nanoseconds(overflow ? .max : product)
    }

    /// In the finest unit whose digits suffice.
    static func write(_ timeout: TimeAmount, to out: inout ByteBuffer) {
        var number = UInt64(max(0, timeout.nanoseconds))
        let units: [(UInt64, UInt8)] = [
            (1000, UInt8(ascii: "n")), (1000, UInt8(ascii: "u")), (1000, UInt8(ascii: "m")),
            (60, UInt8(ascii: "S")), (60, UInt8(ascii: "M")), (1, UInt8(ascii: "H")),
        ]
        for (next, unit) in units {
            if number <= 99_999_999 || unit == UInt8(ascii: "H") {
                out.writeDecimal(min(number, 99_999_999))
                out.writeInteger(unit)
                return
            }
            number /= next
        }
    }
}
