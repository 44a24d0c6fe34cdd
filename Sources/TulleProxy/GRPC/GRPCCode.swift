/// How a gRPC call ended, as the gRPC specification numbers it (`grpc/doc/statuscodes.md`).
public enum GRPCCode: Int, Sendable {
    case ok = 0
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case permissionDenied = 7
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case internalError = 13
    case unavailable = 14
    case dataLoss = 15
    case unauthenticated = 16

    /// What an answer without a status of gRPC's own counts as (`grpc/doc/http-grpc-status-mapping.md`): it comes from
    /// something on the way that does not speak gRPC.
    init(httpStatus: Int) {
        self =
            switch httpStatus {
            case 400: .internalError
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .unimplemented
            case 429, 502, 503, 504: .unavailable
            default: .unknown
            }
    }

    /// What a reset stream counts as (`grpc/doc/PROTOCOL-HTTP2.md`, "Errors").
    init(_ reset: HTTP2ErrorCode) {
        self =
            switch reset {
            case .refusedStream: .unavailable
            case .cancel: .cancelled
            case .enhanceYourCalm: .resourceExhausted
            case .inadequateSecurity: .permissionDenied
            default: .internalError
            }
    }
}
