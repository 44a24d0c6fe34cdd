import Testing

@testable import TulleCommand

/// Where a flag's value comes from.
struct SettingTests {
    @Test("the command line is asked first, then the environment, then the default")
    func order() {
        #expect(Setting.text("a", "X", default: "c", in: ["X": "b"]) == "a")
        #expect(Setting.text(nil, "X", default: "c", in: ["X": "b"]) == "b")
        #expect(Setting.text(nil, "X", default: "c", in: ["X": ""]) == "c")
        #expect(Setting.list([], "X", in: ["X": "a, b,"]) == ["a", "b"])
        #expect(Setting.list(["c"], "X", in: ["X": "a,b"]) == ["c"])
    }

    @Test("spans have units", arguments: [("500ms", 500), ("10s", 10_000), ("2m", 120_000), ("1.5", 1500), ("0", 0)])
    func spans(text: String, milliseconds: Int) throws {
        #expect(try Setting.span(text, "X", default: .zero, in: [:]) == .milliseconds(milliseconds))
    }

    @Test("a wrong span is refused", arguments: ["-1s", "x", "10 parsecs", "nan", "inf", "1e99s", "s"])
    func wrongSpans(text: String) {
        #expect(throws: Failure.self) { try Setting.span(text, "X", default: .zero, in: [:]) }
    }

    @Test("numbers and flags are held to their range")
    func numbers() throws {
        #expect(try Setting.number(nil, "X", default: 3, range: 1...9, in: ["X": "4"]) == 4)
        #expect(throws: Failure.self) { try Setting.number(nil, "X", default: 3, range: 1...9, in: ["X": "ten"]) }
        #expect(throws: Failure.self) { try Setting.number(10, "X", default: 3, range: 1...9, in: [:]) }
        #expect(try Setting.flag(false, "X", in: ["X": "yes"]))
        #expect(throws: Failure.self) { try Setting.flag(false, "X", in: ["X": "perhaps"]) }
    }
}
