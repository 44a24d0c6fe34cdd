import Testing
import TulleConfig

@Suite struct YAMLScalarTests {
    @Test(
        "plain scalars mean what YAML 1.2's core schema says",
        arguments: [
            ("", YAMLScalar.Kind.null), ("~", .null), ("null", .null), ("nULL", .string),
            ("true", .bool), ("FALSE", .bool), ("yes", .string), ("on", .string),
            ("0", .integer), ("-12", .integer), ("+3", .integer), ("007", .integer), ("0o17", .integer),
            ("0xFf", .integer), ("0x", .string), ("0o8", .string), ("1_000", .string),
            ("1.", .float), (".5", .float), ("-1.5e-3", .float), ("1e3", .float), (".", .string), ("1e", .string),
            ("-.inf", .float), (".NaN", .float), ("1.2.3", .string), ("10s", .string), ("-", .string),
            ("12:30", .string),
        ])
    func kinds(_ text: String, _ kind: YAMLScalar.Kind) {
        #expect(YAMLScalar(text, style: .plain).kind == kind)
        #expect(YAMLScalar(text, style: .quoted).kind == .string)
    }

    @Test("numbers are read exactly")
    func numbers() {
        #expect(YAMLScalar("0o17", style: .plain).integer == 15)
        #expect(YAMLScalar("0xff", style: .plain).integer == 255)
        #expect(YAMLScalar("18446744073709551615", style: .plain).unsigned == .max)
        #expect(YAMLScalar("18446744073709551616", style: .plain).unsigned == nil)
        #expect(YAMLScalar("-1", style: .plain).unsigned == nil)
        #expect(YAMLScalar(".5", style: .plain).double == 0.5)
        #expect(YAMLScalar("5.", style: .plain).double == 5)
        #expect(YAMLScalar("5.e1", style: .plain).double == 50)
        #expect(YAMLScalar("-.inf", style: .plain).double == -.infinity)
        #expect(YAMLScalar("7", style: .quoted).integer == nil)
    }
}
