/// Why a decoded field block is not a message (RFC 9113, 8.1.1). The stream ends, and the connection goes on.
enum FieldError: UInt8, Error, CaseIterable, Sendable {
    case emptyName
    case invalidName
    case uppercaseName
    case invalidValue
    case paddedValue
    case connectionSpecific
    case teNotTrailers
    case unknownPseudoField
    case pseudoFieldOfOtherKind
    case pseudoFieldInTrailers
    case pseudoFieldBehindField
    case repeatedPseudoField
    case invalidMethod
    case invalidScheme
    case invalidAuthority
    case emptyPath
    case invalidPath
    case invalidStatus
    case invalidProtocol

    /// What is wrong, for `proxy-status` details and logs.
    var cause: StaticString {
        switch self {
        case .emptyName: "a field name is empty"
        case .invalidName: "a field name is not a token"
        case .uppercaseName: "a field name is not in lower case"
        case .invalidValue: "a field value has a control byte"
        case .paddedValue: "a field value starts or ends in white space"
        case .connectionSpecific: "a field that belongs to an HTTP/1.1 connection"
        case .teNotTrailers: "TE asks for other than trailers"
        case .unknownPseudoField: "a pseudo-field that nobody has defined"
        case .pseudoFieldOfOtherKind: "a request has a response's pseudo-field, or the other way round"
        case .pseudoFieldInTrailers: "the trailers have a pseudo-field"
        case .pseudoFieldBehindField: "a pseudo-field stands behind a field"
        case .repeatedPseudoField: "a pseudo-field is given twice"
        case .invalidMethod: "the method is not a token"
        case .invalidScheme: "the scheme is not a scheme's name"
        case .invalidAuthority: "the authority is not of the form name:port"
        case .emptyPath: "the path is empty"
        case .invalidPath: "the path has bytes that no URI has"
        case .invalidStatus: "the status is not of three digits"
        case .invalidProtocol: "the protocol is not a token"
        }
    }
}
