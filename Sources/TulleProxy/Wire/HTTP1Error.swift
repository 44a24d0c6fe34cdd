/// Why a peer's HTTP/1.1 bytes are not a message. The connection cannot be used any further.
enum HTTP1Error: UInt8, Error, CaseIterable, Sendable {
    case invalidMethod
    case methodTooLong
    case invalidTarget
    case targetTooLong
    case targetFormNotForMethod
    case invalidScheme
    case invalidVersion
    case unsupportedVersion
    case invalidStatusLine
    case bareLineFeed
    case bareCarriageReturn
    case lineFolding
    case spaceBeforeColon
    case invalidFieldName
    case invalidFieldValue
    case headTooLarge
    case tooManyFields
    case missingHost
    case multipleHosts
    case invalidHost
    case invalidContentLength
    case multipleContentLengths
    case contentLengthWithTransferEncoding
    case transferEncodingInHTTP10
    case chunkedNotLast
    case unsupportedTransferEncoding
    case bodyWithConnect
    case invalidConnectionOption
    case invalidChunkSize
    case invalidChunkExtension
    case chunkExtensionsTooLarge
    case missingChunkEnd
    case trailersTooLarge
    case forbiddenTrailer
    case invalidBase64

    /// What a downstream peer is answered with. An upstream's fault is always a 502.
    var status: Int {
        switch self {
        case .targetTooLong: 414
        case .headTooLarge, .tooManyFields, .trailersTooLarge: 431
        case .methodTooLong, .unsupportedTransferEncoding: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// The stable name for logs and metrics: Envoy's response code details where Envoy has one for the same fault.
    var detail: StaticString {
        switch self {
        case .invalidTarget, .targetTooLong, .targetFormNotForMethod: "http1.invalid_url"
        case .invalidScheme: "http1.invalid_scheme"
        case .invalidFieldName, .invalidFieldValue: "http1.invalid_characters"
        case .headTooLarge: "http1.headers_too_large"
        case .trailersTooLarge: "http1.trailers_too_large"
        case .tooManyFields: "http1.too_many_headers"
        case .missingHost: "missing_host_header"
        case .contentLengthWithTransferEncoding: "http1.content_length_and_chunked_not_allowed"
        case .transferEncodingInHTTP10, .chunkedNotLast, .unsupportedTransferEncoding: "http1.invalid_transfer_encoding"
        case .bodyWithConnect: "http1.body_disallowed"
        case .invalidConnectionOption: "http1.connection_header_rejected"
        default: "http1.codec_error"
        }
    }

    /// What is wrong, for `proxy-status` details and logs.
    var cause: StaticString {
        switch self {
        case .invalidMethod: "the method is not a token"
        case .methodTooLong: "the method is over 64 bytes"
        case .invalidTarget: "the request target has bytes that no URI has"
        case .targetTooLong: "the request target is too long"
        case .targetFormNotForMethod: "the request target has a form that its method does not take"
        case .invalidScheme: "the request target's scheme is neither http nor https"
        case .invalidVersion: "the version is not of the form HTTP/1.1"
        case .unsupportedVersion: "the version is neither HTTP/1.0 nor HTTP/1.1"
        case .invalidStatusLine: "the status line is not of the form HTTP/1.1 200 OK"
        case .bareLineFeed: "a line ends in LF without CR"
        case .bareCarriageReturn: "a CR stands without LF"
        case .lineFolding: "a field is folded over lines"
        case .spaceBeforeColon: "a field name is followed by white space"
        case .invalidFieldName: "a field name is not a token"
        case .invalidFieldValue: "a field value has a control byte"
        case .headTooLarge: "the head is too large"
        case .tooManyFields: "the head has too many fields"
        case .missingHost: "an HTTP/1.1 request has no Host"
        case .multipleHosts: "there is more than one Host"
        case .invalidHost: "the host is not of the form name:port"
        case .invalidContentLength: "Content-Length is not a decimal number"
        case .multipleContentLengths: "there is more than one Content-Length"
        case .contentLengthWithTransferEncoding: "Content-Length and Transfer-Encoding are both given"
        case .transferEncodingInHTTP10: "an HTTP/1.0 message has a Transfer-Encoding"
        case .chunkedNotLast: "chunked is not the one and last transfer coding"
        case .unsupportedTransferEncoding: "a transfer coding other than chunked"
        case .bodyWithConnect: "a CONNECT request has a body"
        case .invalidConnectionOption: "Connection names a field that is not its to name"
        case .invalidChunkSize: "a chunk size is not a hexadecimal number"
        case .invalidChunkExtension: "a chunk extension is malformed"
        case .chunkExtensionsTooLarge: "the chunk extensions are too large"
        case .missingChunkEnd: "a chunk does not end in CRLF"
        case .trailersTooLarge: "the trailers are too large"
        case .forbiddenTrailer: "a trailer field belongs to the head"
        case .invalidBase64: "the body of gRPC-Web's text form is not Base64"
        }
    }
}
