/// What the API answers when it does not do what was asked.
public struct APIError: Error, Codable, Hashable, Sendable {
    /// One thing that is wrong, and where.
    public struct Detail: Codable, Hashable, Sendable {
        /// The file as the caller named it (`?file=` of an apply), or the watched file.
        public var file: String?
        /// From 1.
        public var line: Int?
        /// From 1, in characters.
        public var column: Int?
        /// The way to the value, as `spec.rules[0].matches[1].path`.
        public var path: String?
        public var message: String

        public init(
            file: String? = nil, line: Int? = nil, column: Int? = nil, path: String? = nil, message: String
        ) {
            self.file = file
            self.line = line
            self.column = column
            self.path = path
            self.message = message
        }
    }

    /// Why, as one word that programs can tell apart.
    public enum Reason: String, Codable, Hashable, Sendable, CaseIterable {
        /// 400: the request itself is malformed.
        case badRequest = "BadRequest"
        /// 403: the request comes by a name that is not this machine's own.
        case forbidden = "Forbidden"
        /// 404
        case notFound = "NotFound"
        /// 405
        case methodNotAllowed = "MethodNotAllowed"
        /// 409: another change came first (`resourceVersion`, `If-Match`), or the resource exists already.
        case conflict = "Conflict"
        /// 409: the resource belongs to a watched file, or a file's to the API.
        case ownedElsewhere = "OwnedElsewhere"
        /// 410: a watch asked for changes that are compacted away.
        case expired = "Expired"
        /// 413
        case tooLarge = "RequestEntityTooLarge"
        /// 415
        case unsupportedMediaType = "UnsupportedMediaType"
        /// 422: the resources are wrong; `details` say where.
        case invalid = "Invalid"
        /// 500: a fault of the control plane.
        case internalError = "InternalError"
        /// 503: the store cannot be written; what is there stays in force.
        case unavailable = "ServiceUnavailable"

        /// The HTTP status that goes with the reason.
        public var code: Int {
            switch self {
            case .badRequest: 400
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict, .ownedElsewhere: 409
            case .expired: 410
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .invalid: 422
            case .internalError: 500
            case .unavailable: 503
            }
        }
    }

    public var code: Int
    public var reason: Reason
    public var message: String
    public var details: [Detail]

    public init(_ reason: Reason, _ message: String, details: [Detail] = []) {
        code = reason.code
        self.reason = reason
        self.message = message
        self.details = details
    }
}

extension APIError: CustomStringConvertible {
    public var description: String { message }
}
