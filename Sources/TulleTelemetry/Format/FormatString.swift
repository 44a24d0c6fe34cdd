/// A text with operators such as `%REQ(:PATH)%`, compiled to segments (Envoy's command operators).
///
/// Access logs and header mutations share it. Header values write nothing for a value that is absent, logs a `-`.
public struct FormatString: Hashable, Sendable {
    /// A source of bytes.
    enum Source: Hashable, Sendable {
        case field(FormatField)
        case header([UInt8], alternative: [UInt8]?, FormatMessage)
        /// A header's value up to its `?`.
        case headerWithoutQuery([UInt8], alternative: [UInt8]?)
        case time(TimeFormat, emitted: Bool)
    }

    enum Segment: Hashable, Sendable {
        case literal([UInt8])
        case value(Source, maxLength: Int)
    }

    let segments: [Segment]

    /// The text itself, if no operator is in it.
    public let literal: [UInt8]?

    /// Compiles `text`. Errors name the operator and the nearest known one.
    public init(_ text: String) throws(FormatError) {
        var parser = FormatParser(text)
        segments = try parser.segments()
        literal =
            switch segments.count {
            case 0: []
            case 1: if case .literal(let bytes) = segments[0] { bytes } else { nil }
            default: nil
            }
    }

    init(segments: [Segment]) {
        self.segments = segments
        literal = nil
    }

    /// Appends the text for one exchange; `absent` stands for values that are not there.
    public func append(_ context: some FormatContext, absent: StaticString = "", to bytes: inout [UInt8]) {
        for segment in segments {
            switch segment {
            case .literal(let text): bytes.append(contentsOf: text)
            case .value(let source, let maxLength):
                if !Self.append(source, maxLength: maxLength, context, to: &bytes) {
                    absent.withUTF8Buffer { bytes.append(contentsOf: $0) }
                }
            }
        }
    }

    static func append(
        _ source: Source, maxLength: Int, _ context: some FormatContext, to bytes: inout [UInt8]
    ) -> Bool {
        let start = bytes.count
        switch source {
        case .field(let field):
            guard context.append(field, to: &bytes) else { return false }
        case .header(let name, let alternative, let message):
            guard
                context.append(header: name, of: message, to: &bytes)
                    || alternative.map({ context.append(header: $0, of: message, to: &bytes) }) ?? false
            else { return false }
        case .headerWithoutQuery(let name, let alternative):
            guard
                context.append(header: name, of: .request, to: &bytes)
                    || alternative.map({ context.append(header: $0, of: .request, to: &bytes) }) ?? false
            else { return false }
            if let mark = bytes[start...].firstIndex(of: UInt8(ascii: "?")) {
                bytes.removeSubrange(mark...)
            }
        case .time(let format, let emitted):
            format.append(emitted ? context.emitTime : context.startTime, to: &bytes)
        }
        if bytes.count - start > maxLength { bytes.removeLast(bytes.count - start - maxLength) }
        return true
    }
}
