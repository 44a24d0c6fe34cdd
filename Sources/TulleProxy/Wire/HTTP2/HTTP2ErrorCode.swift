/// Why a stream or a connection ends (RFC 9113, 7). A number that is not here is a peer's own and stays one.
struct HTTP2ErrorCode: Equatable, Sendable {
    let rawValue: UInt32

    static let noError = HTTP2ErrorCode(rawValue: 0)
    static let protocolError = HTTP2ErrorCode(rawValue: 1)
    static let internalError = HTTP2ErrorCode(rawValue: 2)
    static let flowControlError = HTTP2ErrorCode(rawValue: 3)
    static let settingsTimeout = HTTP2ErrorCode(rawValue: 4)
    static let streamClosed = HTTP2ErrorCode(rawValue: 5)
    static let frameSizeError = HTTP2ErrorCode(rawValue: 6)
    static let refusedStream = HTTP2ErrorCode(rawValue: 7)
    static let cancel = HTTP2ErrorCode(rawValue: 8)
    static let compressionError = HTTP2ErrorCode(rawValue: 9)
    static let connectError = HTTP2ErrorCode(rawValue: 10)
    static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)
    static let inadequateSecurity = HTTP2ErrorCode(rawValue: 12)
    static let http11Required = HTTP2ErrorCode(rawValue: 13)
}

/// What a peer did that ends its connection: the code for GOAWAY, and the words for its debug data and our log.
struct HTTP2Failure: Error, Equatable {
    let code: HTTP2ErrorCode
    let reason: StaticString

    init(_ code: HTTP2ErrorCode, _ reason: StaticString) {
        self.code = code
        self.reason = reason
    }

    static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.reason.rawBytes.elementsEqual(right.reason.rawBytes)
    }
}
