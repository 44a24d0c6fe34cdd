import Testing
import TulleConfig

@Suite struct YAMLReaderTests {
    private func fault(_ text: String, limits: YAMLLimits = YAMLLimits()) -> String {
        do throws(ConfigurationError) {
            _ = try YAMLReader.read(text, file: "f.yaml", limits: limits)
            return "no error"
        } catch {
            return error.description
        }
    }

    @Test("each value knows its line and column")
    func marks() throws {
        let documents = try YAMLReader.read("# head\na: 1\nb:\n  - é: x\n    c: [1, 'two']\n", file: "f")
        let root = try #require(documents.first)
        #expect(root.mark == YAMLMark(line: 2, column: 1))
        let item = try #require(root["b"]?.sequence?.first)
        #expect(item.mark == YAMLMark(line: 4, column: 5))
        #expect(item["é"]?.mark == YAMLMark(line: 4, column: 8))
        #expect(item["c"]?.sequence?[1].mark == YAMLMark(line: 5, column: 12))
        #expect(item["c"]?.sequence?[1].scalar == YAMLScalar("two", style: .quoted))
    }

    @Test("a file may hold several documents, and empty ones are null")
    func severalDocuments() throws {
        let documents = try YAMLReader.read("a: 1\n---\n---\nb: 2\n", file: "f")
        #expect(documents.count == 3)
        #expect(documents[1].isNull)
        #expect(documents[2]["b"]?.scalar?.integer == 2)
        #expect(try YAMLReader.read("", file: "f").isEmpty)
    }

    @Test("JSON is read too, with tabs, escapes and surrogate pairs")
    func json() throws {
        let text = "{\n\t\"a\":1,\"b\":[true,null,-2.5e3],\"c\":\"\\/ \\ud83d\\ude00 \\\\ud83d\"}"
        let root = try #require(try YAMLReader.read(text, file: "f").first)
        #expect(root["a"]?.scalar?.integer == 1)
        #expect(root["b"]?.sequence?[1].isNull == true)
        #expect(root["b"]?.sequence?[2].scalar?.double == -2500)
        #expect(root["c"]?.scalar?.text == "/ 😀 \\ud83d")
    }

    @Test("an alias stands for its anchor")
    func aliases() throws {
        let root = try #require(try YAMLReader.read("a: &x {k: 1}\nb: *x\n", file: "f").first)
        #expect(root["b"]?["k"]?.scalar?.integer == 1)
        #expect(fault("a: *x\n") == "f.yaml:1:4: alias \"x\" has no anchor before it in this document")
        #expect(fault("a: &x [*x]\n") == "f.yaml:1:8: alias \"x\" has no anchor before it in this document")
        #expect(fault("a: &x 1\n---\nb: *x\n").hasPrefix("f.yaml:3:4: alias"))
    }

    @Test("a billion laughs are stopped early")
    func billionLaughs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "]\n"
        }
        #expect(fault(text).hasSuffix("more than 4000000 values with aliases expanded"))
    }

    @Test("nesting is bounded, also through aliases")
    func depth() {
        #expect(fault(String(repeating: "[", count: 101) + String(repeating: "]", count: 101)) == "no error")
        let deep = fault(String(repeating: "[", count: 5000))
        #expect(deep == "f.yaml:1:102: mappings and lists stand more than 100 deep in each other")
        var text = "a0: &a0 [x]\n"
        for level in 1...110 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
        #expect(fault(text).hasSuffix("mappings and lists stand more than 100 deep in each other"))
    }

    @Test("size is bounded")
    func size() {
        var limits = YAMLLimits()
        limits.maxBytes = 4
        #expect(fault("a: 12", limits: limits) == "f.yaml: the file holds 5 bytes, over the limit of 4")
    }

    @Test(
        "what is not YAML is refused with its place",
        arguments: [
            ("a: 1\na: 2\n", "f.yaml:2:1: key \"a\" is given twice, first in line 1"),
            ("{a: 1, ? [x] : 2}", "f.yaml:1:10: a key is a list, not a name"),
            (
                "a: [1, 2\nb: 3\n",
                "f.yaml:2:2: did not find expected ',' or ']', while parsing a flow sequence that starts in line 1"
            ),
            ("a:\n\t- 1\n", "f.yaml:2:1: a tab does not indent in YAML; use spaces"),
            ("a: !foo 1\n", "f.yaml:1:4: tag \"!foo\" is not supported; leave it out"),
            (
                "a: \"x\n",
                "f.yaml:2:1: found unexpected end of stream, while scanning a quoted scalar that starts in line 1"
            ),
            ("a: \u{1}\n", "f.yaml:1:4: control characters are not allowed: #x1"),
        ])
    func syntax(_ text: String, _ expected: String) {
        #expect(fault(text) == expected)
    }

    @Test("bytes that are not UTF-8 are refused with their place")
    func encoding() {
        #expect {
            try YAMLReader.read([0x61, 0x3A, 0x20, 0x31, 0x0A, 0x62, 0x3A, 0x20, 0xFF], file: "f.yaml")
        } throws: {
            "\($0)" == "f.yaml:2:4: invalid leading UTF-8 octet: #xff"
        }
        #expect {
            try YAMLReader.read([0xFF, 0xFE, 0x61, 0], file: "f.yaml")
        } throws: {
            "\($0)".hasPrefix("f.yaml:1:1: invalid leading UTF-8 octet")
        }
    }

    @Test("random bytes never crash it")
    func randomBytes() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]:,-?&*!|>'\"%@`#~ \n\tabc019.\\u".utf8) + [0, 0xFF, 0xC3, 0xA9]
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            _ = try? YAMLReader.read(bytes, file: "f")
        }
    }
}
