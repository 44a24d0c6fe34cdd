/// Durations as the Gateway API writes them (GEP-2257): `1h30m`, `500ms`, at most four parts of up to five digits.
public enum GatewayDuration {
    /// Nil for a text that is no duration.
    public static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        var total = Duration.zero
        for _ in 0..<4 {
            let digits = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
            guard 1...5 ~= digits.count, let number = Int(String(digits) ?? "") else { return nil }
            rest = rest[digits.endIndex...]
            if rest.starts(with: "ms".utf8) {
                total += .milliseconds(number)
                rest = rest.dropFirst(2)
            } else if let unit = rest.popFirst() {
                switch unit {
                case UInt8(ascii: "h"): total += .seconds(number * 3600)
                case UInt8(ascii: "m"): total += .seconds(number * 60)
                case UInt8(ascii: "s"): total += .seconds(number)
                default: return nil
                }
            } else {
                return nil
            }
            if rest.isEmpty { return total }
        }
        return nil
    }
}
