import Crypto
import FoundationEssentials
import SwiftASN1
import Testing
import X509
import _CryptoExtras

@testable import TulleIdentity

@Suite struct SigningRequestTests {
    @Test("keys of the allowed kinds are taken")
    func kinds() throws {
        let keys: [Certificate.PrivateKey] = [
            .init(P256.Signing.PrivateKey()), .init(P384.Signing.PrivateKey()),
            .init(Curve25519.Signing.PrivateKey()), .init(try _RSA.Signing.PrivateKey(keySize: .bits2048)),
        ]
        for key in keys {
            #expect(try SigningRequest(pem: try AuthorityFixture.request(key)).publicKey == key.publicKey)
        }
    }

    @Test("P-521 and short RSA keys are refused by name")
    func refusedKinds() throws {
        let short = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        for key in [Certificate.PrivateKey(P521.Signing.PrivateKey()), .init(short)] {
            let error = #expect(throws: SigningRequestError.self) {
                try SigningRequest(pem: try AuthorityFixture.request(key))
            }
            #expect(error?.description.contains("RSA of 2048") == true)
        }
    }

    @Test("a signature by another key is refused")
    func signature() throws {
        let good = try CertificateSigningRequest(pemEncoded: try AuthorityFixture.request())
        let other = try CertificateSigningRequest(pemEncoded: try AuthorityFixture.request())
        let forged = try CertificateSigningRequest(
            version: good.version, subject: good.subject, publicKey: good.publicKey, attributes: good.attributes,
            signatureAlgorithm: good.signatureAlgorithm, signature: other.signature
        ).serializeAsPEM().pemString
        let error = #expect(throws: SigningRequestError.self) { try SigningRequest(pem: forged) }
        #expect(error?.description.contains("signature") == true)
    }

    @Test("what is no request is refused", arguments: ["", "hello", "-----BEGIN CERTIFICATE REQUEST-----\n"])
    func garbage(text: String) {
        #expect(throws: SigningRequestError.self) { try SigningRequest(pem: text) }
    }

    @Test("other PEM, two requests, cut ones and long ones are refused")
    func almost() throws {
        let good = try AuthorityFixture.request()
        let document = try PEMDocument(pemString: good)
        let cut = PEMDocument(type: document.discriminator, derBytes: Array(document.derBytes.dropLast(9)))
        let key = try Certificate.PrivateKey(P256.Signing.PrivateKey()).serializeAsPEM().pemString
        let wrong = [
            try AuthorityFixture.authority().bundle, key, good + "\n" + good, cut.pemString,
            good + String(repeating: " ", count: 17 << 10),
        ]
        for text in wrong {
            #expect(throws: SigningRequestError.self) { try SigningRequest(pem: text) }
        }
    }

    @Test("a request with any one bit turned is refused or has the same key")
    func bits() throws {
        let good = try AuthorityFixture.request()
        let key = try SigningRequest(pem: good).publicKey
        let bytes = try PEMDocument(pemString: good).derBytes
        for position in bytes.indices {
            var turned = bytes
            turned[position] ^= 1
            let pem = PEMDocument(type: "CERTIFICATE REQUEST", derBytes: turned).pemString
            if let taken = try? SigningRequest(pem: pem) { #expect(taken.publicKey == key) }
        }
    }
}
