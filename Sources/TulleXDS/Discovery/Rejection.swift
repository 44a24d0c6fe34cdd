/// The text of a nack: which resources were refused, and why.
///
/// xDS has one status for a whole response. We write one line for each resource, `NAME: REASON`; Envoy writes
/// `Error adding/updating cluster(s) NAME: REASON, NAME: REASON`. Reading finds the names in both.
public enum Rejection {
    // A nack is repeated in logs and status pages, and comes from outside: an author needs a sentence, not a book.
    static let maxReasonBytes = 1024
    static let maxNames = 64

    /// One line for each refused resource, by name.
    public static func text(_ errors: [String: String]) -> String {
        var lines = errors.keys.sorted().prefix(maxNames).map { name in
            "\(name): \(cut(errors[name] ?? "").split(separator: "\n").joined(separator: " "))"
        }
        if errors.count > maxNames { lines.append("and \(errors.count - maxNames) more") }
        return lines.joined(separator: "\n")
    }

    /// The reason for each of the names that a response held. A text that names none of them is said of them all,
    /// since nobody knows better.
    public static func reasons(in text: String, names: some Collection<String>) -> [String: String] {
        let text = cut(text, to: maxReasonBytes * maxNames)
        let known = Set(names)
        var places: [(name: String, start: String.Index, end: String.Index)] = []
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) where word.last == ":" {
            let name = String(word.dropLast())
            if known.contains(name) { places.append((name, word.startIndex, word.endIndex)) }
        }
        guard !places.isEmpty else {
            return Dictionary(names.map { ($0, cut(text)) }, uniquingKeysWith: { first, _ in first })
        }
        var reasons: [String: String] = [:]
        for (index, place) in places.enumerated() {
            let end = index + 1 < places.count ? places[index + 1].start : text.endIndex
            var reason = text[place.end..<end]
            while reason.first == " " { reason.removeFirst() }
            while let last = reason.last, last == "," || last == " " || last == "\n" { reason.removeLast() }
            reasons[place.name] = cut(String(reason))
        }
        return reasons
    }

    private static func cut(_ text: String, to limit: Int = maxReasonBytes) -> String {
        text.utf8.count <= limit ? text : String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
    }
}
