/// One line of Prometheus' text format.
struct PrometheusSample: Hashable {
    var name: String
    var labels: [String: String]
    var value: Double

    /// Reads the samples whose names are wanted; comments and lines that are none are passed over, for a scrape of a
    /// sidecar of another version must not fail as a whole.
    static func parse(_ text: String, wanted: (Substring) -> Bool) -> [PrometheusSample] {
        var samples: [PrometheusSample] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let line = Substring(line)
            guard let end = line.firstIndex(where: { $0 == "{" || $0 == " " }), line.first != "#" else { continue }
            guard wanted(line[..<end]) else { continue }
            if let sample = parse(line, nameEnd: end) { samples.append(sample) }
        }
        return samples
    }

    private static func parse(_ line: Substring, nameEnd: Substring.Index) -> PrometheusSample? {
        var labels: [String: String] = [:]
        var rest = line[nameEnd...]
        if rest.first == "{" {
            rest.removeFirst()
            while let first = rest.first, first != "}" {
                guard let equals = rest.firstIndex(of: "=") else { return nil }
                let key = rest[..<equals].filter { $0 != " " && $0 != "," }
                rest = rest[rest.index(after: equals)...]
                guard rest.first == "\"" else { return nil }
                rest.removeFirst()
                guard let value = quoted(&rest) else { return nil }
                labels[key] = value
                if rest.first == "," { rest.removeFirst() }
            }
            guard rest.first == "}" else { return nil }
            rest.removeFirst()
        }
        // The value; a timestamp may follow.
        guard let number = rest.split(separator: " ").first.flatMap({ value(String($0)) }) else { return nil }
        return PrometheusSample(name: String(line[..<nameEnd]), labels: labels, value: number)
    }

    /// Reads up to the closing quote and past it.
    private static func quoted(_ rest: inout Substring) -> String? {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                value.append(escaped == "n" ? "\n" : escaped)
            default: value.append(character)
            }
        }
        return nil
    }

    static func value(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        default: Double(text)
        }
    }
}
