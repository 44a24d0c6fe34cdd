/// What becomes of `x-forwarded-client-cert`, which tells an app of the certificate that its caller showed.
public struct ForwardedClientCertificate: Hashable, Sendable {
    public enum Action: Hashable, Sendable {
        /// Taken away.
        case sanitize
        /// Passed on where the client showed a certificate, and taken away otherwise.
        case forwardOnly
        /// Likewise, with what this client's certificate says behind it.
        case appendForward
        /// What this client's certificate says takes its place.
        case sanitizeSet
        /// Passed on whoever sent it.
        case alwaysForwardOnly
    }

    public var action = Action.sanitize
    // What is told besides the certificate's hash and the URI names of the proxy's own.
    public var subject = false
    public var certificate = false
    public var dns = false
    public var uri = false

    public init() {}
}
