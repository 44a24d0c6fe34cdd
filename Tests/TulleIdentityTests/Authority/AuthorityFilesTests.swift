import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@testable import TulleIdentity

@Suite struct AuthorityFilesTests {
    private let now = AuthorityFixture.now
    private let domain = try! AuthorityFixture.trustDomain()

    /// Runs in a folder of its own.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tulle-ca-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    private func write(_ text: String, _ path: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private func open(_ files: AuthorityFiles, _ domain: TrustDomain? = nil) throws -> Authority {
        try files.open(trustDomain: domain ?? self.domain, lifetime: Authority.defaultLifetime, at: now)
    }

    @Test("the first start makes a root that the next start finds, and nobody else can read its key")
    func madeOnce() throws {
        try withFolder { folder in
            let files = AuthorityFiles(folder: folder + "/ca")
            let first = try open(files)
            #expect(try open(files).bundle == first.bundle)
            #expect(try mode(folder + "/ca") == 0o700)
            #expect(try mode(folder + "/ca/key.pem") == 0o600)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder + "/ca").sorted() == ["cert.pem", "key.pem"])
            let summary = try #require(try first.summaries.first)
            #expect(summary.notAfter.timeIntervalSince(now) == 10 * 365.25 * 24 * 3600)
            #expect(summary.fingerprint.split(separator: ":").count == 32)
        }
    }

    @Test("a start that ended after the key was written is gone on with")
    func half() throws {
        try withFolder { folder in
            let files = AuthorityFiles(folder: folder + "/ca")
            let first = try open(files)
            try FileManager.default.removeItem(atPath: folder + "/ca/cert.pem")
            #expect(try open(files).root.publicKey == first.root.publicKey)
        }
    }

    @Test("a certificate without its key is not replaced in silence")
    func lostKey() throws {
        try withFolder { folder in
            let files = AuthorityFiles(folder: folder + "/ca")
            _ = try open(files)
            try FileManager.default.removeItem(atPath: folder + "/ca/key.pem")
            let error = #expect(throws: AuthorityError.self) { try open(files) }
            #expect(error?.description.contains("bring it back") == true)
        }
    }

    @Test("a key that others can read is refused", arguments: [0o640, 0o604, 0o644, 0o620, 0o601])
    func modes(mode: Int) throws {
        try withFolder { folder in
            let files = AuthorityFiles(folder: folder + "/ca")
            _ = try open(files)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder + "/ca/key.pem")
            let error = #expect(throws: AuthorityError.self) { try open(files) }
            #expect(error?.description.contains("chmod 600") == true)
        }
    }

    @Test("a root of another trust domain is refused")
    func otherDomain() throws {
        try withFolder { folder in
            let files = AuthorityFiles(folder: folder + "/ca")
            _ = try open(files)
            let error = #expect(throws: AuthorityError.self) { try open(files, try TrustDomain("other.org")) }
            #expect(error?.description.contains("--trust-domain example.org") == true)
        }
    }

    // MARK: The user's own

    private struct Own {
        var root = P256.Signing.PrivateKey()
        var issuer = P256.Signing.PrivateKey()
        var rootConstraints: BasicConstraints = .isCertificateAuthority(maxPathLength: nil)
        var issuerConstraints: BasicConstraints = .isCertificateAuthority(maxPathLength: 0)
        var issuerUsage = KeyUsage(keyCertSign: true)
        var issuerFrom = AuthorityFixture.now - AuthorityFixture.day
        var issuerTo = AuthorityFixture.now + AuthorityFixture.day
        var rootTo = AuthorityFixture.now + AuthorityFixture.day

        func certificates() throws -> [Certificate] {
            let rootCertificate = try AuthorityFixture.certificate(
                subject: "root", issuer: "root", key: root.publicKey, signedBy: root, to: rootTo
            ) { Critical(rootConstraints) }
            let issuerCertificate = try AuthorityFixture.certificate(
                subject: "issuer", issuer: "root", key: issuer.publicKey, signedBy: root, from: issuerFrom, to: issuerTo
            ) {
                Critical(issuerConstraints)
                Critical(issuerUsage)
            }
            return [issuerCertificate, rootCertificate]
        }
    }

    private func openOwn(
        _ chain: [Certificate], key: String, in folder: String, mode: Int = 0o600
    ) throws -> Authority {
        let pem = try chain.map { try $0.serializeAsPEM().pemString }.joined(separator: "\n")
        try write(pem, folder + "/chain.pem", mode: 0o644)
        try write(key, folder + "/key.pem", mode: mode)
        return try open(AuthorityFiles(chain: folder + "/chain.pem", key: folder + "/key.pem"))
    }

    @Test("a user's intermediate signs, and its leaves come with it")
    func intermediate() async throws {
        let own = Own()
        var made: Authority?
        try withFolder { folder in
            made = try openOwn(try own.certificates(), key: own.issuer.pemRepresentation, in: folder)
        }
        let authority = try #require(made)
        let issued = try authority.issue(
            try SigningRequest(pem: try AuthorityFixture.request()), to: try AuthorityFixture.id(), at: now)
        let chain = try AuthorityFixture.read(issued.chain)
        #expect(chain.count == 3)
        #expect(try AuthorityFixture.read([authority.bundle]) == [chain[2]])
        let verifier = SVIDVerifier(authority)
        #expect(try await verifier.verify(try AuthorityFixture.der(chain), at: now).id == issued.id)
        // Whoever knows the intermediate needs but the leaf.
        #expect(try await verifier.verify(try AuthorityFixture.der([chain[0]]), at: now).id == issued.id)
    }

    @Test("a key after its curve's name, as openssl ecparam writes it, is read")
    func curveName() throws {
        let own = Own()
        let parameters = PEMDocument(
            type: "EC PARAMETERS", derBytes: [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7])
        try withFolder { folder in
            _ = try openOwn(
                try own.certificates(), key: parameters.pemString + "\n" + own.issuer.pemRepresentation, in: folder)
        }
    }

    @Test("what may not sign is refused, and the message says what is wrong")
    func refused() throws {
        var cases: [(words: String, chain: [Certificate], key: String)] = []
        let own = Own()
        let good = try own.certificates()
        let key = own.issuer.pemRepresentation
        func changed(_ change: (inout Own) -> Void) throws -> [Certificate] {
            var copy = own
            change(&copy)
            return try copy.certificates()
        }
        cases.append(("is not that of the first", good, P256.Signing.PrivateKey().pemRepresentation))
        cases.append(("is not that of the first", good, own.root.pemRepresentation))
        cases.append(("is not signed by", good.reversed(), own.root.pemRepresentation))
        cases.append(("must end with the self-signed root", [good[0]], key))
        cases.append(("is not signed by", [good[0], try Own().certificates()[1]], key))
        cases.append(("expired", try changed { $0.issuerTo = now }, key))
        cases.append(("expired", try changed { $0.rootTo = now - 1 }, key))
        cases.append(("is not valid before", try changed { $0.issuerFrom = now + 1 }, key))
        cases.append(("CA:TRUE", try changed { $0.issuerConstraints = .notCertificateAuthority }, key))
        cases.append(("CA:TRUE", try changed { $0.rootConstraints = .notCertificateAuthority }, key))
        cases.append(
            (
                "allows 0 authorities",
                try changed { $0.rootConstraints = .isCertificateAuthority(maxPathLength: 0) }, key
            ))
        cases.append(("keyCertSign", try changed { $0.issuerUsage = KeyUsage(digitalSignature: true) }, key))
        cases.append(("no PEM certificate", [], key))
        cases.append(("holds 0 PEM keys", good, ""))
        cases.append(("holds 2 PEM keys", good, key + "\n" + key))
        cases.append(("is encrypted", good, PEMDocument(type: "ENCRYPTED PRIVATE KEY", derBytes: [1]).pemString))
        cases.append(("does not sign here", good, PEMDocument(type: "PRIVATE KEY", derBytes: [1]).pemString))
        for (words, chain, key) in cases {
            try withFolder { folder in
                let error = #expect(throws: AuthorityError.self) { try openOwn(chain, key: key, in: folder) }
                #expect(error?.description.contains(words) == true, "\(words): \(error.map { "\($0)" } ?? "")")
            }
        }
    }

    @Test("a user's key that others can read is refused")
    func ownMode() throws {
        let own = Own()
        try withFolder { folder in
            let error = #expect(throws: AuthorityError.self) {
                try openOwn(try own.certificates(), key: own.issuer.pemRepresentation, in: folder, mode: 0o440)
            }
            #expect(error?.description.contains("mode 0440") == true)
        }
    }

    @Test("files that are not there are named")
    func missing() throws {
        try withFolder { folder in
            let error = #expect(throws: AuthorityError.self) {
                try open(AuthorityFiles(chain: folder + "/none.pem", key: folder + "/key.pem"))
            }
            #expect(error?.description.contains("none.pem: No such file") == true)
        }
    }
}
