public import TulleModel

/// How a line of an access log looks: a text with operators, or a JSON object of them.
public struct AccessLogFormat: Sendable {
    private enum Kind {
        case text(FormatString)
        case json(JSONLogFormat)
    }

    private let kind: Kind

    /// What a log without a format of its own says (Envoy's default format string).
    public static let standardText =
        "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% "
        + "%RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "
        + "\"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" "
        + "\"%UPSTREAM_HOST%\"\n"

    /// Compiles a format; nil is the standard one. Errors name the operator, and for JSON the key.
    public init(_ format: AccessLog.Format?) throws(FormatError) {
        switch format {
        case .text(let text): kind = .text(try FormatString(text))
        case .json(let value): kind = .json(try JSONLogFormat(value))
        case nil: kind = .text(try FormatString(Self.standardText))
        }
    }

    /// Appends the line for one exchange. A text ends as its format does: Envoy adds no line feed, and nor does this. A
    /// JSON object ends with one.
    public func append(_ context: some FormatContext, to bytes: inout [UInt8]) {
        switch kind {
        case .text(let format): format.append(context, absent: "-", to: &bytes)
        case .json(let format): format.append(context, to: &bytes)
        }
    }
}
