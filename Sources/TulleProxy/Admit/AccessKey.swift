import TulleModel

/// Something plain that a request must have for a condition to hold, by which an index finds the condition.
enum AccessKey: Hashable {
    case text(AdmissionText, TextTable.Key)
    case header(String, TextTable.Key)
    case address(RBAC.AddressOrigin, AddressRange)
    case destinationPort(Int)
}

extension RBAC.Condition {
    /// The key that a condition without parts asks for, and whether that is all it asks; nil where there is none.
    var ownKey: (key: AccessKey, isAll: Bool)? {
        if let (source, key) = textKey { return (.text(source, key), true) }
        if let (name, key) = headerKey { return (.header(name, key), true) }
        switch self {
        case .path(let matcher): return matcher.regexKey.map { (.text(.path, $0), false) }
        case .requestedServerName(let matcher): return matcher.regexKey.map { (.text(.requestedServerName, $0), false) }
        case .authenticated(let matcher?): return matcher.regexKey.map { (.text(.principal, $0), false) }
        case .header(let matcher):
            guard case .string(let test) = matcher.test, !matcher.invert, !matcher.treatMissingAsEmpty else {
                return nil
            }
            return test.regexKey.map { (.header(matcher.name.lowercased(), $0), false) }
        case .address(let origin, let prefix):
            guard let range = try? AddressRange(prefix) else { return nil }
            return (.address(origin, range), true)
        case .destinationPort(let port): return (.destinationPort(port), true)
        case .any, .all, .oneOf, .not, .destinationPortRange, .authenticated(nil): return nil
        }
    }

    /// Every key in it that a cover could be made of.
    func collectKeys(into counts: inout [AccessKey: Int]) {
        switch self {
        case .all(let inner), .oneOf(let inner): for condition in inner { condition.collectKeys(into: &counts) }
        default: if let own = ownKey { counts[own.key, default: 0] += 1 }
        }
    }

    /// Keys of which a request has at least one whenever the condition holds; of several such sets the one whose most common
    /// key is the rarest. Nil where there is no such set.
    func cover(_ counts: [AccessKey: Int]) -> KeyCover? {
        switch self {
        case .all(let inner): return inner.compactMap { $0.cover(counts) }.min { $0.isBetter(than: $1) }
        case .oneOf(let inner):
            var whole = KeyCover()
            for condition in inner {
                guard let part = condition.cover(counts) else { return nil }
                whole.formUnion(part)
            }
            return whole
        default: return ownKey.map { KeyCover(keys: [$0.key], crowd: counts[$0.key] ?? 0) }
        }
    }
}

/// A set of keys, and how many conditions ask for its most common one.
struct KeyCover {
    var keys: [AccessKey] = []
    var crowd = 0

    func isBetter(than other: KeyCover) -> Bool {
        crowd == other.crowd ? keys.count < other.keys.count : crowd < other.crowd
    }

    mutating func formUnion(_ other: KeyCover) {
        keys += other.keys
        crowd = max(crowd, other.crowd)
    }
}

extension StringMatcher {
    fileprivate var regexKey: TextTable.Key? {
        if case .regex(let pattern) = pattern { TextTable.Key(regex: pattern) } else { nil }
    }
}
