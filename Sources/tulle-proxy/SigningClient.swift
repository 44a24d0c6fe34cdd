import TulleModel
import TulleProxy
import TulleXDS

/// Has the proxy's certificate signed by a control plane.
struct SigningClient: CertificateSigner {
    enum Server {
        /// The control plane's own socket: the kernel says which user calls.
        case socket(path: String)
        case address(SocketAddress, roots: String)
    }

    let proxy: Proxy
    let server: Server
    /// Read each time, so that a token that was used up can be replaced.
    let tokenPath: String?
    /// Who is asked for on the socket.
    let account: ServiceAccountName?
    let lifetime: Duration?

    // An authority's answer is a few certificates.
    private static let maxAnswerBytes = 256 << 10

    func sign(_ request: String, holding current: WorkloadCertificate?) async throws -> [String] {
        var metadata: [(name: String, value: String)] = []
        let target: CallServer
        switch server {
        case .socket(let path): target = .socket(path: path)
        case .address(let address, let roots):
            let security = CallSecurity(roots: Array(try FileText.read(roots).utf8), certificate: current)
            target = .secure(address, security)
            // What is still good proves more than a token, which may be used up.
            if current == nil { metadata.append((name: "authorization", value: "Bearer \(try token())")) }
        }
        var options = GRPCCall.Options()
        options.maxMessageBytes = Self.maxAnswerBytes
        let call = try await proxy.call(SigningMessages.path, at: target, metadata: metadata, options: options)
        let asked = account.map { ["NAMESPACE": $0.namespace, "SERVICE_ACCOUNT": $0.name] } ?? [:]
        try await call.send(SigningMessages.request(csr: request, lifetime: lifetime, metadata: asked))
        call.halfClose()
        guard let answer = try await call.next() else {
            throw FileText.Failure(description: "the authority answered without a certificate")
        }
        return try SigningMessages.chain(answer)
    }

    private func token() throws -> String {
        guard let tokenPath else {
            throw FileText.Failure(
                description: "nothing proves who this proxy is: its certificate is gone and there is no join token")
        }
        let token = try FileText.read(tokenPath).trimmingSpace
        guard !token.isEmpty else { throw FileText.Failure(description: "\(tokenPath): holds no token") }
        return token
    }
}

/// A service account as the command line says it, `NAMESPACE/NAME`.
struct ServiceAccountName: Hashable {
    let namespace: String
    let name: String

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy(Self.isName) else { return nil }
        namespace = parts[0]
        name = parts[1]
    }

    /// The end of its SPIFFE ID.
    var path: String { "/ns/\(namespace)/sa/\(name)" }

    private static func isName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x2E
            }
    }
}

extension String {
    fileprivate var trimmingSpace: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
