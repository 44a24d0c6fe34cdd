#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Reads a format's text into segments: `%NAME%`, `%NAME(ARGUMENT)%`, `%NAME(ARGUMENT):LENGTH%` and `%%`.
struct FormatParser {
    private let text: String
    private let bytes: [UInt8]
    private var index = 0

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    private static let fields = Dictionary(uniqueKeysWithValues: FormatField.allCases.map { ($0.name, $0) })
    private static let others = [
        "REQ", "RESP", "TRAILER", "REQUEST_HEADER", "RESPONSE_HEADER", "RESPONSE_TRAILER", "REQ_WITHOUT_QUERY",
        "START_TIME", "EMIT_TIME", "HOSTNAME", "ENVIRONMENT", "UPSTREAM_CLUSTER_RAW",
    ]

    mutating func segments() throws(FormatError) -> [FormatString.Segment] {
        var segments: [FormatString.Segment] = []
        var literal: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                literal.append(byte)
                continue
            }
            if index < bytes.count, bytes[index] == UInt8(ascii: "%") {
                literal.append(byte)
                index += 1
                continue
            }
            switch try parseOperator() {
            case .literal(let text): literal.append(contentsOf: text)
            case let value:
                if !literal.isEmpty { segments.append(.literal(literal)) }
                literal = []
                segments.append(value)
            }
        }
        if !literal.isEmpty { segments.append(.literal(literal)) }
        return segments
    }

    private mutating func parseOperator() throws(FormatError) -> FormatString.Segment {
        let position = index - 1
        let name = takeWhile { Self.isNameByte($0) }
        var argument: String?
        if index < bytes.count, bytes[index] == UInt8(ascii: "(") {
            index += 1
            argument = takeWhile { $0 != UInt8(ascii: ")") }
            index += 1
        }
        var maxLength: Int?
        if index < bytes.count, bytes[index] == UInt8(ascii: ":") {
            index += 1
            let digits = takeWhile { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let number = Int(digits), number > 0 else {
                throw FormatError("format \"\(text)\": %\(name)…:\(digits)%: the length must be a number above 0")
            }
            maxLength = number
        }
        guard !name.isEmpty, index < bytes.count, bytes[index] == UInt8(ascii: "%") else {
            throw FormatError(
                "format \"\(text)\": no operator at byte \(position); write %% for a percent sign")
        }
        index += 1
        return try segment(name, argument: argument, maxLength: maxLength)
    }

    private mutating func takeWhile(_ holds: (UInt8) -> Bool) -> String {
        let start = index
        while index < bytes.count, holds(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private func segment(
        _ name: String, argument: String?, maxLength: Int?
    ) throws(FormatError) -> FormatString.Segment {
        let limit = maxLength ?? .max
        if let field = Self.fields[name] ?? (name == "UPSTREAM_CLUSTER_RAW" ? .upstreamCluster : nil) {
            try expect(name, argument: argument, given: false)
            return .value(.field(field), maxLength: limit)
        }
        switch name {
        case "REQ", "REQUEST_HEADER": return .value(try header(name, argument, .request), maxLength: limit)
        case "RESP", "RESPONSE_HEADER": return .value(try header(name, argument, .response), maxLength: limit)
        case "TRAILER", "RESPONSE_TRAILER":
            return .value(try header(name, argument, .responseTrailers), maxLength: limit)
        case "REQ_WITHOUT_QUERY":
            guard case .header(let main, let alternative, _) = try header(name, argument, .request) else {
                throw FormatError("format \"\(text)\": %\(name)%")
            }
            return .value(.headerWithoutQuery(main, alternative: alternative), maxLength: limit)
        case "START_TIME", "EMIT_TIME":
            let format = argument ?? ""
            return .value(
                .time(format.isEmpty ? .standard : try TimeFormat(format), emitted: name == "EMIT_TIME"),
                maxLength: limit)
        case "HOSTNAME":
            try expect(name, argument: argument, given: false)
            return .literal(Array(Self.hostName().prefix(limit)))
        case "ENVIRONMENT":
            try expect(name, argument: argument, given: true)
            let value = getenv(argument ?? "").map { String(cString: $0) } ?? ""
            return .literal(Array(value.utf8.prefix(limit)))
        default:
            let nearest = Self.nearest(to: name).map { ", did you mean %\($0)%?" } ?? ""
            throw FormatError("format \"\(text)\": unknown operator %\(name)%\(nearest)")
        }
    }

    private func expect(_ name: String, argument: String?, given: Bool) throws(FormatError) {
        if given, argument?.isEmpty ?? true {
            throw FormatError("format \"\(text)\": %\(name)% needs an argument: %\(name)(…)%")
        }
        if !given, let argument {
            throw FormatError("format \"\(text)\": %\(name)(\(argument))%: it takes no argument: %\(name)%")
        }
    }

    private func header(
        _ name: String, _ argument: String?, _ message: FormatMessage
    ) throws(FormatError) -> FormatString.Source {
        try expect(name, argument: argument, given: true)
        let names = (argument ?? "").split(separator: "?", omittingEmptySubsequences: false)
        guard names.count <= 2, names.allSatisfy({ !$0.isEmpty }) else {
            throw FormatError(
                "format \"\(text)\": %\(name)(\(argument ?? ""))%: write one header, or two as NAME?ALTERNATIVE")
        }
        let bytes = names.map { Array($0.lowercased().utf8) }
        return .header(bytes[0], alternative: bytes.count == 2 ? bytes[1] : nil, message)
    }

    private static func hostName() -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return [] }
        return buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    }

    /// The known operator with the fewest edits to `name`, if it is near enough to be a slip.
    private static func nearest(to name: String) -> String? {
        let wanted = Array(name.utf8)
        var best: (name: String, distance: Int)?
        for known in others + FormatField.allCases.map(\.name) {
            let distance = editDistance(wanted, Array(known.utf8))
            if distance < best?.distance ?? max(3, wanted.count / 2) { best = (known, distance) }
        }
        return best?.name
    }

    private static func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let cost = a == b ? diagonal : min(diagonal, row[j], row[j + 1]) + 1
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row[right.count]
    }
}
