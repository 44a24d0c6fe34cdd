import SwiftProtobuf
import TulleConfig
import TulleModel

/// The small things that every resource holds: durations, numbers, addresses, metadata, regular expressions.
extension Translation {
    /// Durations beyond it would overflow 64-bit nanoseconds, and mean "never" to anybody.
    private static let longest: Int64 = 100 * 365 * 86400

    /// A duration that may be zero; nil where it is not given or wrong.
    func duration(_ field: String, _ given: Bool, _ value: Google_Protobuf_Duration) -> Duration? {
        guard given else { return nil }
        let duration = Duration.seconds(value.seconds) + .nanoseconds(Int64(value.nanos))
        guard value.seconds <= Self.longest else {
            fail(field, "\(value.seconds)s is over \(Self.longest)s, a hundred years")
            return nil
        }
        guard duration >= .zero else {
            fail(field, "\(Self.text(duration)) is negative; use 0s to switch it off")
            return nil
        }
        return duration
    }

    /// A duration of at least this much.
    func duration(
        _ field: String, _ given: Bool, _ value: Google_Protobuf_Duration, atLeast least: Duration
    ) -> Duration? {
        guard let duration = duration(field, given, value) else { return nil }
        guard duration >= least else {
            fail(field, "\(Self.text(duration)) is too short; the least is \(Self.text(least))")
            return nil
        }
        return duration
    }

    private static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        guard attoseconds != 0 else { return "\(seconds)s" }
        return "\(Double(seconds) + Double(attoseconds) / 1e18)s"
    }

    /// A number in a range; nil where it is not given or wrong.
    func number(_ field: String, _ given: Bool, _ value: UInt32, in range: ClosedRange<Int>) -> Int? {
        guard given else { return nil }
        guard range ~= Int(value) else {
            fail(field, "\(value) is not in \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return Int(value)
    }

    func required(_ field: String, _ text: String) -> Bool {
        if text.isEmpty { fail("\(field) is required") }
        return !text.isEmpty
    }

    /// Which addresses are right in a place.
    enum Host { case address, name }

    func address(_ field: String, _ given: Bool, _ message: Envoy_Config_Core_V3_Address, host: Host) -> SocketAddress?
    {
        guard given else {
            fail("\(field) is required")
            return nil
        }
        return within(field) {
            guard case .socketAddress(let socket) = message.address else {
                fail("socket_address is required")
                return nil
            }
            return within("socket_address") { address(socket, host: host) }
        }
    }

    private func address(_ socket: Envoy_Config_Core_V3_SocketAddress, host: Host) -> SocketAddress? {
        if socket.protocol != .tcp { unhonouredProtocol(socket) }
        guard required("address", socket.address) else { return nil }
        let isAddress = IPAddress.isIPv4(socket.address) || IPAddress.isIPv6(socket.address)
        switch host {
        case .address where !isAddress:
            fail("address", "\(ConfigurationError.quoted(socket.address)) is not an IP address")
            return nil
        case .name where !isAddress:
            guard Self.isHostName(socket.address) else {
                fail("address", "\(ConfigurationError.quoted(socket.address)) is neither an IP address nor a host name")
                return nil
            }
        default: break
        }
        guard case .portValue(let port) = socket.portSpecifier else {
            fail("port_value is required")
            return nil
        }
        guard let port = number("port_value", true, port, in: 0...65535) else { return nil }
        return SocketAddress(host: socket.address, port: port)
    }

    /// RFC 1123, and the underscore that container platforms put into their names.
    private static func isHostName(_ text: String) -> Bool {
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        return 1...253 ~= name.utf8.count
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                1...63 ~= label.utf8.count && !label.hasPrefix("-") && !label.hasSuffix("-")
                    && label.utf8.allSatisfy { byte in
                        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-")
                            || byte == UInt8(ascii: "_")
                    }
            }
    }

    private func unhonouredProtocol(_ socket: Envoy_Config_Core_V3_SocketAddress) {
        fail("protocol", "\(socket.protocol == .udp ? "UDP" : "\(socket.protocol.rawValue)") is not served; use TCP")
    }

    func metadata(_ message: Envoy_Config_Core_V3_Metadata) -> Metadata {
        message.filterMetadata.mapValues(Self.value)
    }

    static func value(_ structure: Google_Protobuf_Struct) -> Value {
        .object(structure.fields.mapValues(value))
    }

    static func value(_ message: Google_Protobuf_Value) -> Value {
        switch message.kind {
        case nil, .nullValue: .null
        case .numberValue(let number): .number(number)
        case .stringValue(let text): .string(text)
        case .boolValue(let flag): .bool(flag)
        case .structValue(let structure): value(structure)
        case .listValue(let list): .list(list.values.map(value))
        }
    }

    func locality(_ message: Envoy_Config_Core_V3_Locality) -> Locality {
        Locality(region: message.region, zone: message.zone, subZone: message.subZone)
    }

    /// An expression that compiles; nil with a report otherwise.
    func regex(_ field: String, _ message: Envoy_Type_Matcher_V3_RegexMatcher) -> String? {
        within(field) {
            guard required("regex", message.regex) else { return nil }
            if let problem = RegularExpression.problem(with: message.regex) {
                fail("regex", problem)
                return nil
            }
            return message.regex
        }
    }

    /// An expression with what replaces its matches, whose `\N` all name groups of the expression.
    func substitution(
        _ field: String, _ message: Envoy_Type_Matcher_V3_RegexMatchAndSubstitute
    ) -> (pattern: String, substitution: String)? {
        within(field) {
            guard message.hasPattern else {
                fail("pattern is required")
                return nil
            }
            guard let pattern = regex("pattern", message.pattern) else { return nil }
            let groups = Self.groups(in: pattern)
            var bytes = message.substitution.utf8[...]
            while let byte = bytes.popFirst() {
                if byte == 0 || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                    fail("substitution", "holds a NUL or a line break, which cannot stand in a request line")
                    return nil
                }
                guard byte == UInt8(ascii: "\\") else { continue }
                switch bytes.popFirst() {
                case UInt8(ascii: "\\"): continue
                case let digit? where UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit:
                    let group = Int(digit - UInt8(ascii: "0"))
                    guard group > groups else { continue }
                    fail("substitution", "\\\(group) names no group; the expression has \(groups)")
                default: fail("substitution", "a \\ is followed by neither a digit nor a \\")
                }
                return nil
            }
            return (pattern, message.substitution)
        }
    }

    /// How many capturing groups an expression that compiles has.
    static func groups(in pattern: String) -> Int {
        let bytes = Array(pattern.utf8)
        var count = 0
        var index = 0
        var inClass = false
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\\"):
                if bytes[index...].starts(with: "\\Q".utf8) {
                    index += 2
                    while index < bytes.count, !bytes[index...].starts(with: "\\E".utf8) { index += 1 }
                }
                index += 1
            case UInt8(ascii: "["):
                if !inClass {
                    inClass = true
                    // A ] that comes first stands for itself.
                    if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "^") { index += 1 }
                    if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "]") { index += 1 }
                } else if bytes[index...].starts(with: "[:".utf8) {
                    while index < bytes.count, !bytes[index...].starts(with: ":]".utf8) { index += 1 }
                    index += 1
                }
            case UInt8(ascii: "]"): inClass = false
            case UInt8(ascii: "(") where !inClass:
                let rest = bytes[(index + 1)...]
                if !rest.starts(with: "?".utf8) || rest.starts(with: "?P<".utf8) || rest.starts(with: "?<".utf8) {
                    count += 1
                }
            default: break
            }
            index += 1
        }
        return count
    }
}
