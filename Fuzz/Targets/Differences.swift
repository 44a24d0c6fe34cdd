import Glibc
import NIOCore

/// HTTP/1 read by us and by llhttp, as swift-nio has it: whatever one takes for a message and the other does not, or takes
/// for another one, has to be in the table of differences that are meant.
enum Differences {
    /// The classes of the table; what is not there ends the run. Set once, before the runs.
    nonisolated(unsafe) private static var known: Set<String> = []
    /// Whether all are taken, to be listed at the end.
    nonisolated(unsafe) private static var listsAll = false
    nonisolated(unsafe) private static var found: [String: (count: Int, shortest: [UInt8])] = [:]

    /// Reads the rows of the table: those whose first cell is code. Without a table all are taken, and listed at the end.
    static func begin(known path: String?) {
        // libFuzzer ends the process itself.
        guard let path else {
            listsAll = true
            atexit { Differences.report() }
            return
        }
        guard let text = TextFile.read(path) else { fatalError("cannot read \(path)") }
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            known.insert(String(line.dropFirst(3).prefix { $0 != "`" }))
        }
        check(!known.isEmpty, "no differences in \(path)")
    }

    static func run(_ input: FuzzInput) -> Int32 {
        var input = input
        let choice = input.choice()
        let bytes = Array(input.bytes)
        let isResponse = choice & 8 != 0
        let ours = isResponse ? ourResponse(bytes) : ourRequest(bytes)
        let theirs = isResponse ? LLHTTP.response(bytes) : LLHTTP.request(bytes)
        guard let difference = ours.difference(from: theirs) else { return 0 }
        let name = (isResponse ? "response " : "request ") + difference
        let before = found[name] ?? (0, bytes)
        found[name] = (before.count + 1, before.shortest.count > bytes.count ? bytes : before.shortest)
        check(
            listsAll || known.contains(name),
            "difference \"\(name)\" is not in the table\nours: \(ours)\ntheirs: \(theirs)\n" + HTTP1HeadFuzz.text(bytes)
        )
        return 0
    }

    /// Which classes were met, how often, and the shortest bytes that showed each.
    private static func report() {
        for (name, (count, shortest)) in found.sorted(by: { $0.key < $1.key }) {
            print("difference: \(count)\t\(name)\t\(HTTP1HeadFuzz.text(shortest))")
        }
    }

    private static func ourRequest(_ bytes: [UInt8]) -> MessageReading {
        var reading: [HTTP1Transcript.Entry] = []
        var target: [UInt8] = []
        reading = HTTP1Transcript.requests([bytes], HTTP1Limits()) { head in
            if target.isEmpty { target = head.block.withBytes { Array($0[head.target]) } }
        }
        return MessageReading(reading, target: target)
    }

    private static func ourResponse(_ bytes: [UInt8]) -> MessageReading {
        // Interim heads come first; what follows them is another message to llhttp as well.
        MessageReading(HTTP1Transcript.responses([bytes], to: .get, HTTP1Limits()) { _ in }, target: [])
    }
}
