/// A request's method; `other` is any further token, whose bytes stand in the head.
enum HTTPMethod: UInt8, CaseIterable, Sendable {
    case get, head, post, put, delete, connect, options, trace, patch, other

    /// The method's name as it is sent; empty for `other`.
    var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .connect: "CONNECT"
        case .options: "OPTIONS"
        case .trace: "TRACE"
        case .patch: "PATCH"
        case .other: ""
        }
    }

    /// Methods are compared with their case (RFC 9110, 9.1).
    @inline(__always)
    static func named(_ base: UnsafePointer<UInt8>, _ length: Int) -> HTTPMethod {
        switch length {
        case 3:
            if matches(base, "GET") { return .get }
            if matches(base, "PUT") { return .put }
        case 4:
            if matches(base, "POST") { return .post }
            if matches(base, "HEAD") { return .head }
        case 5:
            if matches(base, "PATCH") { return .patch }
            if matches(base, "TRACE") { return .trace }
        case 6:
            if matches(base, "DELETE") { return .delete }
        case 7:
            if matches(base, "OPTIONS") { return .options }
            if matches(base, "CONNECT") { return .connect }
        default: break
        }
        return .other
    }

    @inline(__always)
    private static func matches(_ base: UnsafePointer<UInt8>, _ name: StaticString) -> Bool {
        var index = 0
        while index < name.utf8CodeUnitCount {
            if base[index] != name.utf8Start[index] { return false }
            index &+= 1
        }
        return true
    }
}
