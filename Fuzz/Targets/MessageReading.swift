import NIOCore

/// What became of the first message in some bytes, in words that two parsers share.
struct MessageReading {
    enum Verdict: Equatable { case waits, takes, refuses(String) }

    var head = Verdict.waits
    /// How the body went on behind a head that was taken.
    var body = Verdict.waits
    var method: [UInt8] = []
    var status = 0
    var target: [UInt8] = []
    var version10 = false
    var fields: [HTTP1Facts.Field] = []
    var content: [UInt8] = []
    var trailers: [HTTP1Facts.Field] = []

    init() {}

    init(_ entries: [HTTP1Transcript.Entry], target: [UInt8]) {
        self.target = target
        guard let first = entries.first else { return }
        switch first {
        case .invalid(let error, _): head = .refuses("\(error)")
        case .body, .openBody: break
        case .head(let facts):
            head = .takes
            method = facts.method
            status = facts.status
            version10 = facts.version10
            fields = facts.fields
        }
        guard head == .takes, entries.count > 1 else { return }
        switch entries[1] {
        case .body(let content, let trailers):
            body = .takes
            self.content = content
            self.trailers = trailers
        case .openBody(let content, _): self.content = content
        case .invalid(let error, let content):
            body = .refuses("\(error)")
            self.content = content
        case .head: break
        }
    }

    /// Whether the head is of a response that another follows.
    var isInterim: Bool { (100..<200).contains(status) && status != 101 }

    /// Whether whoever reads the head leaves its lengths aside.
    private var hasNoLength: Bool { (100..<200).contains(status) || status == 204 }

    /// What one takes and the other does not, or what they take it for; nil when they agree. One that still waits has taken
    /// nothing yet.
    func difference(from theirs: MessageReading) -> String? {
        // llhttp has several words for it.
        if head == .takes, hasNoLength, case .refuses = theirs.head {
            return "head: takes 1xx or 204, llhttp refuses it"
        }
        if head != theirs.head, head == .takes || theirs.head == .takes {
            return "head: \(head.name), llhttp \(theirs.head.name(besides: head))"
        }
        guard head == .takes else { return nil }
        if method != theirs.method { return "method" }
        if status != theirs.status { return "status" }
        if repaired(target) != theirs.target { return "target" }
        if version10 != theirs.version10 { return "version" }
        if let difference = Self.difference(fields, hasNoLength ? Self.withoutLength(theirs.fields) : theirs.fields) {
            return "fields: \(difference)"
        }
        if isInterim { return nil }
        if body != theirs.body, body == .takes || theirs.body == .takes {
            return "body: \(body.name), llhttp \(theirs.body.name(besides: body))"
        }
        guard body == .takes else { return nil }
        if content != theirs.content { return "content" }
        return Self.difference(trailers, theirs.trailers).map { "trailers: \($0)" }
    }

    private static func difference(_ ours: [HTTP1Facts.Field], _ theirs: [HTTP1Facts.Field]) -> String? {
        if ours.count != theirs.count { return "count" }
        var isOfSpace = false
        for (our, their) in zip(ours, theirs) where our.name != their.name || repaired(our.value) != their.value {
            if our.name != their.name { return "name" }
            if repaired(our.value) != trimmed(their.value) { return "value" }
            isOfSpace = true
        }
        return isOfSpace ? "white space around a value" : nil
    }

    private static func withoutLength(_ fields: [HTTP1Facts.Field]) -> [HTTP1Facts.Field] {
        let lengths = ["content-length", "transfer-encoding"].map { Array($0.utf8) }
        return fields.filter { !lengths.contains($0.name.map(ByteClass.lower)) }
    }

    private static func trimmed(_ value: [UInt8]) -> [UInt8] {
        let start = value.drop(while: FieldRules.isSpace)
        return start.lastIndex { !FieldRules.isSpace($0) }.map { Array(start[...$0]) } ?? []
    }
}

/// As swift-nio has it: a string, whose bytes are UTF-8.
private func repaired(_ bytes: [UInt8]) -> [UInt8] { Array(String(decoding: bytes, as: UTF8.self).utf8) }

extension MessageReading.Verdict {
    var name: String {
        switch self {
        case .waits: "waits"
        case .takes: "takes"
        case .refuses(let why): "refuses \(why)"
        }
    }

    /// Why they refuse is of interest when we take it, which we then say nothing of.
    func name(besides ours: Self) -> String { ours == .takes ? name : self == .takes ? "takes" : "does not" }
}
