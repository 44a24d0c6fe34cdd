import Testing
import TulleTelemetry

@Test("response flags are written in Envoy's letters")
func responseFlagsInLetters() {
    var bytes: [UInt8] = []
    #expect(ResponseFlags.noRouteFound.append(to: &bytes))
    #expect(String(decoding: bytes, as: UTF8.self) == "NR")
}
