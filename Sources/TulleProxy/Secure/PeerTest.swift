import Crypto
import NIOSSL
import TulleModel

/// What is asked of a peer's leaf certificate besides its chain: its names, and perhaps its very bytes.
///
/// `@unchecked Sendable`: the tests point into `memory`, which is never written after `init`.
final class PeerTest: @unchecked Sendable {
    private struct NameTest {
        var kind: SubjectNameMatcher.Kind
        /// What an exact test on a DNS name asks for, which a certificate's wildcard may stand for.
        var host: String?
        var test: TextTest
    }

    private let memory = RouteMemory()
    private let names: [NameTest]
    private let hashes: [[UInt8]]

    /// Nil when nothing is asked.
    init?(_ validation: CertificateValidation) throws {
        guard !validation.names.isEmpty || !validation.hashes.isEmpty else { return nil }
        var names: [NameTest] = []
        for matcher in validation.names {
            var host: String?
            if matcher.kind == .dns, case .exact(let text) = matcher.test.pattern { host = text.lowercased() }
            names.append(NameTest(kind: matcher.kind, host: host, test: try TextTest(matcher.test, in: memory)))
        }
        self.names = names
        hashes = validation.hashes
    }

    /// Why the certificate is not one of those that are asked for; nil when it is.
    func objection(to certificate: NIOSSLCertificate, names found: PeerNames) -> PeerObjection? {
        if !hashes.isEmpty {
            guard let der = try? certificate.toDERBytes(), hashes.contains(Array(SHA256.hash(data: der))) else {
                return .hash
            }
        }
        guard !names.isEmpty else { return nil }
        for (kind, name) in found.all {
            for wanted in names where wanted.kind == .any || wanted.kind == kind {
                if let host = wanted.host, HostName.covers(name, host) { return nil }
                if name.withUTF8Copy(wanted.test.holds) { return nil }
            }
        }
        return .names(found.all.map(\.1))
    }
}

extension String {
    fileprivate func withUTF8Copy<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
