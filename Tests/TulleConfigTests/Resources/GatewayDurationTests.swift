import Testing
import TulleConfig

@Suite struct GatewayDurationTests {
    @Test(
        "durations of GEP-2257 are read",
        arguments: [
            ("0s", Duration.zero), ("10s", .seconds(10)), ("1h30m", .seconds(5400)), ("1m1ms", .milliseconds(60001)),
            ("99999ms", .milliseconds(99999)), ("1h1m1s1ms", .milliseconds(3_661_001)),
        ])
    func good(_ text: String, _ expected: Duration) {
        #expect(GatewayDuration.parse(text) == expected)
    }

    @Test("all else is not", arguments: ["", "10", "s", "1.5s", "-1s", "100000s", "1d", "10 s", "1s1s1s1s1s", "1m2"])
    func bad(_ text: String) {
        #expect(GatewayDuration.parse(text) == nil)
    }
}
