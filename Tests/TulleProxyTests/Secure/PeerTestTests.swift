import NIOSSL
import Testing
import TulleModel

@testable import TulleProxy

@Suite("What is asked of a peer's certificate")
struct PeerTestTests {
    private let certificate: NIOSSLCertificate

    init() throws {
        guard case .bytes(let pem) = TestCertificates.first.chain else { throw ProxyError("no bytes") }
        certificate = try #require(try NIOSSLCertificate.fromPEMBytes(pem).first)
    }

    private func objects(_ build: (inout CertificateValidation) -> Void) throws -> Bool {
        var validation = CertificateValidation()
        build(&validation)
        let test = try #require(try PeerTest(validation))
        return test.objection(to: certificate, names: PeerNames(certificate)) != nil
    }

    @Test("its names, each for what it is")
    func names() throws {
        let id = "spiffe://mesh.test/ns/default/sa/first"
        let cases: [(SubjectNameMatcher.Kind, StringMatcher.Pattern, Bool)] = [
            (.uri, .exact(id), true), (.uri, .prefix("spiffe://mesh.test/"), true), (.uri, .exact(id + "/more"), false),
            (.uri, .exact("spiffe://mesh.test/ns/default/sa/firs"), false), (.uri, .exact("first.test"), false),
            (.dns, .exact("first.test"), true), (.dns, .exact("FIRST.test"), true), (.dns, .exact("test"), false),
            (.dns, .exact(id), false), (.any, .exact(id), true), (.any, .suffix(".test"), true),
            (.email, .exact("first.test"), false), (.ipAddress, .prefix(""), false),
        ]
        for (kind, pattern, fits) in cases {
            let objected = try objects { $0.names = [SubjectNameMatcher(kind: kind, test: StringMatcher(pattern))] }
            #expect(objected != fits, "\(kind) \(pattern)")
        }
    }

    @Test("its hash")
    func hash() throws {
        #expect(try objects { $0.hashes = [[UInt8](repeating: 0, count: 32)] })
    }

    @Test("its subject is told as RFC 2253 has it")
    func subject() {
        #expect(DistinguishedName.text(of: certificate) == "CN=first,O=Tests\\, Inc.")
        for bytes: [UInt8] in [[], [0x30], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x02, 0x30, 0x7F]] {
            #expect(DistinguishedName.text(ofCertificate: bytes[...]) == nil)
        }
    }

    @Test("a wildcard stands for one label, the first")
    func wildcards() {
        for (name, host, covers) in [
            ("web.test", "web.test", true), ("WEB.test", "web.test", true), ("*.test", "web.test", true),
            ("*.test", "a.web.test", false), ("*.test", ".test", false), ("*.test", "test", false),
            ("*", "web.test", false), ("w*.test", "web.test", false), ("web.test", "*.test", false),
        ] {
            #expect(HostName.covers(name, host) == covers, "\(name) for \(host)")
        }
    }
}
