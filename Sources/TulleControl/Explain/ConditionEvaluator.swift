import TulleConfig
import TulleIdentity
import TulleModel

/// A request that nobody has sent, and what the conditions of access rules say of it: as tulle-proxy would, without its speed.
struct ConditionEvaluator {
    /// The caller's SPIFFE ID; empty for one without a certificate.
    var principal = ""
    /// The caller's address; nil where it is not known, and then nothing about it holds.
    var address: String?
    var method = "GET"
    var host = ""
    /// Without its query.
    var path = "/"
    /// By name in lower case.
    var headers: [String: String] = [:]
    var serverName = ""

    func holds(_ condition: RBAC.Condition) -> Bool {
        switch condition {
        case .any: true
        case .all(let parts): parts.allSatisfy(holds)
        case .oneOf(let parts): parts.contains(where: holds)
        case .not(let inner): !holds(inner)
        case .header(let matcher): holds(matcher)
        case .path(let matcher): Self.matches(matcher, path)
        case .address(.directRemote, let prefix), .address(.remote, let prefix):
            address.map { Self.contains(prefix, $0) } ?? false
        case .address(.destination, _), .destinationPort, .destinationPortRange: false
        case .requestedServerName(let matcher): Self.matches(matcher, serverName)
        case .authenticated(let matcher):
            // Asked of a caller without a certificate, no text fits, not even the empty one.
            !principal.isEmpty && (matcher.map { Self.matches($0, principal) } ?? true)
        }
    }

    func holds(_ policy: RBAC.Policy) -> Bool {
        policy.permissions.contains(where: holds) && policy.principals.contains(where: holds)
    }

    private func holds(_ matcher: HeaderMatcher) -> Bool {
        let value: String? =
            switch matcher.name {
            case ":method": method
            case ":path": path
            case ":authority", "host": host.isEmpty ? nil : host
            default: headers[matcher.name.lowercased()]
            }
        let found: Bool =
            switch matcher.test {
            case .present(let wanted): (value != nil) == wanted
            case .string(let test): value.map { Self.matches(test, $0) } ?? false
            case .range(let lower, let upper): value.flatMap(Int64.init).map { (lower..<upper).contains($0) } ?? false
            }
        return found != matcher.invert
    }

    static func matches(_ matcher: StringMatcher, _ text: String) -> Bool {
        func folded(_ text: String) -> String { matcher.ignoreCase ? text.lowercased() : text }
        let text = folded(text)
        return switch matcher.pattern {
        case .exact(let wanted): text == folded(wanted)
        case .prefix(let wanted): text.hasPrefix(folded(wanted))
        case .suffix(let wanted): text.hasSuffix(folded(wanted))
        case .contains(let wanted): text.contains(folded(wanted))
        case .regex(let pattern): RegularExpression.matches(pattern, text)
        }
    }

    static func contains(_ prefix: AddressPrefix, _ address: String) -> Bool {
        guard let wanted = IPAddressBytes(prefix.address)?.bytes, let given = IPAddressBytes(address)?.bytes,
            wanted.count == given.count
        else { return false }
        let whole = prefix.length / 8
        guard wanted.prefix(whole) == given.prefix(whole) else { return false }
        let rest = prefix.length % 8
        guard rest > 0, whole < wanted.count else { return true }
        return (wanted[whole] ^ given[whole]) >> UInt8(8 - rest) == 0
    }
}
