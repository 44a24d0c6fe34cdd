import Testing

@testable import TulleXDS

@Suite struct RejectionTests {
    private let names = ["outbound|80||web.default.svc.cluster.local", "outbound|80||web", "r/host:80", "other"]

    @Test("reasons are found by name in our own text")
    func ours() {
        let errors = [names[0]: "bad port", names[2]: "regex \"(\": missing )"]
        #expect(Rejection.reasons(in: Rejection.text(errors), names: names) == errors)
    }

    @Test("reasons are found by name in Envoy's text")
    func envoys() {
        let text = "Error adding/updating cluster(s) outbound|80||web: no host, other: Proto constraint: bad"
        #expect(
            Rejection.reasons(in: text, names: names)
                == ["outbound|80||web": "no host", "other": "Proto constraint: bad"])
    }

    @Test("a text without names is said of all")
    func unnamed() {
        #expect(Rejection.reasons(in: "no", names: ["a", "b"]) == ["a": "no", "b": "no"])
    }

    @Test("long texts are cut")
    func bounded() {
        let many = Dictionary(
            uniqueKeysWithValues: (0..<1_000).map { ("name-\($0)", String(repeating: "x", count: 9_000)) })
        let text = Rejection.text(many)
        #expect(text.utf8.count < 100_000)
        #expect(text.hasSuffix("and 936 more"))
    }
}
