import Testing
import TulleModel

@testable import TulleProxy

@Suite("paths brought into one form")
struct PathNormalizerTests {
    private func normalizer(
        _ change: (inout HTTPConnectionManager) -> Void = { $0.normalizePath = true }
    ) -> PathNormalizer {
        var manager = HTTPConnectionManager(statPrefix: "t", routes: .discovered("r"))
        change(&manager)
        return PathNormalizer(manager)
    }

    @Test(
        "dots go, unreserved characters are decoded, backslashes are slashes",
        arguments: [
            ("/a/b/../c", "/a/c"), ("/a/./b", "/a/b"), ("/a/b/..", "/a/"), ("/a/b/.", "/a/b/"),
            ("/%61dmin", "/admin"), ("/a%2Fb", "/a%2Fb"), ("/a\\b", "/a/b"), ("/%2e%2e/a", "/a"),
            ("/a/%2E%2E/b", "/b"), ("/../a", "/a"), ("/a%00b", nil), ("/a/b", "/a/b"),
            // What is decoded makes no new escape, which whoever is behind would decode once more.
            ("/a/%2%65%2%65/b", "/a/%2%65%2%65/b"), ("/%%32e/b", "/%%32e/b"), ("/a%2%46b", "/a%2%46b"),
            ("/a%%30%30", "/a%%300"), ("/a%zz%61", "/a%zza"), ("/a%", "/a%"), ("/a%%67", "/a%g"),
        ] as [(String, String?)])
    func normalizes(_ path: String, _ expected: String?) {
        let outcome = normalizer().normalize(Array(path.utf8))
        switch expected {
        case nil: #expect(outcome == .invalid)
        case path: #expect(outcome == .unchanged)
        case let expected?: #expect(outcome == .changed(Array(expected.utf8)))
        }
    }

    @Test("slashes are merged where that is wanted")
    func merges() {
        let outcome = normalizer { $0.mergeSlashes = true }.normalize(Array("//a///b".utf8))
        #expect(outcome == .changed(Array("/a/b".utf8)))
    }

    @Test("escaped slashes are refused, redirected or decoded, as configured")
    func escaped() {
        let path = Array("/a%2fb%5Cc".utf8)
        let plain = Array("/a/b\\c".utf8)
        #expect(normalizer { $0.escapedSlashes = .reject }.normalize(path) == .invalid)
        #expect(normalizer { $0.escapedSlashes = .unescapeAndRedirect }.normalize(path) == .redirect(plain))
        #expect(normalizer { $0.escapedSlashes = .unescapeAndForward }.normalize(path) == .changed(plain))
        #expect(normalizer { _ in }.normalize(path) == .unchanged)
    }
}
