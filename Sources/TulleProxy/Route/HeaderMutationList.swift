import TulleModel
import TulleTelemetry

/// The compiled header mutations of one level (route configuration, virtual host, route or weighted cluster), for one direction.
///
/// Fields are removed first, then those that overwrite are set, then the others are added, as Envoy does. Whether a
/// field exists is looked at once, after the removals.
final class HeaderMutationList: Sendable {
    struct Addition: Sendable {
        let name: [UInt8]
        let value: FormatString
        let action: HeaderAddition.Action
        let keepsEmpty: Bool
        /// Whether a second value joins the first, after a comma: Envoy keeps such fields once.
        let joins: Bool
    }

    let removals: [[UInt8]]
    /// At most 64: a word holds what has been decided of each.
    let additions: [Addition]
    /// Whether a value holds an operator, so that values must be formatted before they are applied.
    let needsFormatting: Bool

    private init(removals: [[UInt8]], additions: [Addition]) {
        self.removals = removals
        self.additions = additions
        needsFormatting = additions.contains { $0.value.literal == nil }
    }

    static func request(_ mutations: HeaderMutations) throws(RouteError) -> HeaderMutationList? {
        try make(add: mutations.requestAdd, remove: mutations.requestRemove, joined: joinedInRequests)
    }

    static func response(_ mutations: HeaderMutations) throws(RouteError) -> HeaderMutationList? {
        try make(add: mutations.responseAdd, remove: mutations.responseRemove, joined: joinedInResponses)
    }

    /// Fields that Envoy's header maps hold once (its inline headers), as Envoy 1.40 was seen to send them.
    private static let joinedInRequests: Set<String> = [
        "accept", "accept-encoding", "authorization", "cache-control", "connection", "content-encoding",
        "content-type", "grpc-timeout", "if-match", "if-modified-since", "if-none-match", "origin", "pragma",
        "referer", "te", "upgrade", "user-agent", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port",
        "x-forwarded-proto", "x-request-id",
    ]
    private static let joinedInResponses: Set<String> = [
        "access-control-allow-origin", "age", "cache-control", "connection", "content-encoding", "content-type",
        "date", "etag", "expires", "grpc-message", "grpc-status", "last-modified", "location", "proxy-status",
        "server", "upgrade", "vary", "via", "x-request-id",
    ]

    private static func make(
        add: [HeaderAddition], remove: [String], joined: Set<String>
    ) throws(RouteError) -> HeaderMutationList? {
        if add.isEmpty, remove.isEmpty { return nil }
        guard add.count <= 64 else {
            throw RouteError("\(add.count) headers to add in one place; there may be 64")
        }
        var removals: [[UInt8]] = []
        for name in remove { removals.append(try check(name: name, verb: "removed")) }
        var additions: [Addition] = []
        for addition in add {
            let name = try check(name: addition.name, verb: "modified")
            let value: FormatString
            do {
                value = try FormatString(addition.value)
            } catch {
                throw RouteError("header \"\(addition.name)\": \(error)")
            }
            if let literal = value.literal, literal.contains(where: isForbidden) {
                throw RouteError("header \"\(addition.name)\": the value holds a control character")
            }
            additions.append(
                Addition(
                    name: name, value: value, action: addition.action, keepsEmpty: addition.keepEmptyValue,
                    joins: joined.contains(String(decoding: name, as: UTF8.self))))
        }
        return HeaderMutationList(removals: removals, additions: additions)
    }

    private static func check(name: String, verb: String) throws(RouteError) -> [UInt8] {
        let bytes = FoldedBytes.lowercased(name.utf8)
        if name.hasPrefix(":") || bytes.elementsEqual("host".utf8) {
            throw RouteError(
                "header \"\(name)\" may not be \(verb) here; hosts and paths have rewrites of their own")
        }
        guard !bytes.isEmpty, bytes.count <= 256, bytes.allSatisfy({ ByteClass.token[Int($0)] & 1 == 1 }) else {
            throw RouteError("header name \"\(name)\" is not a token (RFC 9110, 5.6.2)")
        }
        return bytes
    }

    private static func isForbidden(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 0x09) || byte == 0x7F }

    /// Formats the values that hold operators, in order.
    func format(_ context: some FormatContext, into values: inout MutationValues) {
        for addition in additions where addition.value.literal == nil {
            let start = values.bytes.count
            addition.value.append(context, to: &values.bytes)
            for index in start..<values.bytes.count where Self.isForbidden(values.bytes[index]) {
                values.bytes[index] = 0x20
            }
            values.ends.append(values.bytes.count)
        }
    }

    /// Applies the list to a message. `values` holds what `format` made of this list's values at `next`, which is moved on.
    func apply(to block: inout HeaderBlock, values: borrowing MutationValues, next: inout Int) {
        for name in removals { block.remove(named: name) }
        if additions.isEmpty { return }
        var skipped: UInt64 = 0
        let first = next
        for (index, addition) in additions.enumerated() {
            let isEmpty: Bool
            if let literal = addition.value.literal {
                isEmpty = literal.isEmpty
            } else {
                isEmpty = values.range(next).isEmpty
                next += 1
            }
            let skips =
                switch addition.action {
                case .appendIfExistsOrAdd, .overwriteIfExistsOrAdd: false
                case .addIfAbsent: block.firstIndex(named: addition.name) != nil
                case .overwriteIfExists: block.firstIndex(named: addition.name) == nil
                }
            if skips || (isEmpty && !addition.keepsEmpty) { skipped |= 1 << UInt64(index) }
        }
        for overwrites in [true, false] {
            var formatted = first
            for (index, addition) in additions.enumerated() {
                let place = formatted
                if addition.value.literal == nil { formatted += 1 }
                let isOverwrite =
                    addition.action == .overwriteIfExists || addition.action == .overwriteIfExistsOrAdd
                if isOverwrite != overwrites || skipped & (1 << UInt64(index)) != 0 { continue }
                if let literal = addition.value.literal {
                    literal.withUnsafeBytes { Self.set(addition, $0, in: &block) }
                } else {
                    let range = values.range(place)
                    values.bytes.withUnsafeBytes {
                        Self.set(addition, UnsafeRawBufferPointer(rebasing: $0[range]), in: &block)
                    }
                }
            }
        }
    }

    private static func set(_ addition: Addition, _ value: UnsafeRawBufferPointer, in block: inout HeaderBlock) {
        switch addition.action {
        case .overwriteIfExists, .overwriteIfExistsOrAdd: block.remove(named: addition.name)
        case .appendIfExistsOrAdd, .addIfAbsent:
            if addition.joins, let index = block.firstIndex(named: addition.name) {
                var joined = block.withBytes { Array($0[block.fields[index].valueRange]) }
                joined.append(UInt8(ascii: ","))
                joined.append(contentsOf: value)
                block.remove(at: index)
                block.append(name: addition.name, value: joined)
                return
            }
        }
        addition.name.withUnsafeBytes { block.append(name: $0, value: value) }
    }
}

/// Header values that were formatted for one message; kept and used again, so that a warm one allocates nothing.
struct MutationValues {
    fileprivate(set) var bytes: [UInt8] = []
    fileprivate(set) var ends: [Int] = []

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }
}
