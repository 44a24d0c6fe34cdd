import Testing
import TulleConfig

@Suite struct NearestKeyTests {
    @Test(
        "a slip of the keyboard finds its word",
        arguments: [
            ("selecter", "selector"), ("Ports", "ports"), ("tpye", "type"), ("port", "ports"), ("portsList", "ports"),
        ])
    func near(_ word: String, _ expected: String) {
        #expect(NearestKey.suggest(for: word, among: ["selector", "ports", "type", "clusterIP"]) == expected)
    }

    @Test("a word that is far from all finds none")
    func far() {
        #expect(NearestKey.suggest(for: "banana", among: ["selector", "ports"]) == nil)
        #expect(NearestKey.suggest(for: "", among: ["a"]) == nil)
        #expect(NearestKey.suggest(for: "x", among: []) == nil)
    }
}
