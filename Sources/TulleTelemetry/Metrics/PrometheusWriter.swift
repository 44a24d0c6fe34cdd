/// Writes metrics in the Prometheus text format, version 0.0.4.
///
/// Open a family, then add its samples; names must be valid metric names, label names valid label names.
public struct PrometheusWriter: Sendable {
    public enum Kind: String, Sendable { case counter, gauge, histogram, untyped }

    /// What an HTTP answer that holds this text says it is.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The text so far, in UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var name = ""

    public init() {}

    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Begins a metric. Each name may be begun once, since the format wants a family's samples side by side.
    public mutating func family(_ name: String, _ kind: Kind, help: String) {
        self.name = name
        write("# HELP \(name) ")
        escape(help, quotes: false)
        write("\n# TYPE \(name) \(kind.rawValue)\n")
    }

    /// Adds a sample of the open family.
    public mutating func sample(_ labels: [(name: String, value: String)] = [], _ value: UInt64) {
        line("", labels, extra: nil, value: "\(value)")
    }

    public mutating func sample(_ labels: [(name: String, value: String)] = [], _ value: Int64) {
        line("", labels, extra: nil, value: "\(value)")
    }

    public mutating func sample(_ labels: [(name: String, value: String)] = [], _ value: Double) {
        line("", labels, extra: nil, value: Self.number(value))
    }

    /// Adds a histogram of the open family.
    ///
    /// - Parameters:
    ///   - bounds: the upper bounds, ascending, each inclusive, without the infinite one.
    ///   - counts: how many values fell in each, one count more than bounds for those over the last.
    ///   - sum: the sum of all values.
    public mutating func histogram(
        _ labels: [(name: String, value: String)] = [], bounds: [Double], counts: [UInt64], sum: Double
    ) {
        var total: UInt64 = 0
        for (bound, count) in zip(bounds, counts) {
            total += count
            line("_bucket", labels, extra: Self.number(bound), value: "\(total)")
        }
        total += counts.dropFirst(bounds.count).reduce(0, +)
        line("_bucket", labels, extra: "+Inf", value: "\(total)")
        line("_sum", labels, extra: nil, value: Self.number(sum))
        line("_count", labels, extra: nil, value: "\(total)")
    }

    /// A number as Prometheus reads it: whole ones without a point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Below 2^53 a whole number is exact.
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return "\(Int64(value))" }
        return "\(value)"
    }

    /// A text as a metric name may have it: other bytes become underscores (as Envoy does with stat names).
    public static func metricName(_ text: String) -> String {
        String(
            decoding: text.utf8.enumerated().map { index, byte -> UInt8 in
                let isLetter = (byte | 0x20) &- 0x61 < 26
                let isDigit = byte &- 0x30 < 10 && index > 0
                return isLetter || isDigit || byte == 0x3A ? byte : 0x5F
            }, as: UTF8.self)
    }

    private mutating func line(
        _ suffix: String, _ labels: [(name: String, value: String)], extra: String?, value: String
    ) {
        write(name)
        write(suffix)
        if !labels.isEmpty || extra != nil {
            write("{")
            for (index, label) in labels.enumerated() {
                if index > 0 { write(",") }
                write(label.name)
                write("=\"")
                escape(label.value, quotes: true)
                write("\"")
            }
            if let extra {
                write(labels.isEmpty ? "le=\"" : ",le=\"")
                write(extra)
                write("\"")
            }
            write("}")
        }
        write(" ")
        write(value)
        write("\n")
    }

    private mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case 0x5C: bytes.append(contentsOf: [0x5C, 0x5C])
            case 0x0A: bytes.append(contentsOf: [0x5C, 0x6E])
            case 0x22 where quotes: bytes.append(contentsOf: [0x5C, 0x22])
            default: bytes.append(byte)
            }
        }
    }
}
