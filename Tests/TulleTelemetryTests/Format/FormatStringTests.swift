import Testing

@testable import TulleTelemetry

/// A context in which every field answers with its own name, unless it is told otherwise.
struct FakeContext: FormatContext {
    var values: [FormatField: String] = [:]
    var headers: [FormatMessage: [String: String]] = [:]
    var startTime = WallTime(seconds: 1_787_393_472, nanoseconds: 45_678_901)
    var emitTime = WallTime(seconds: 1_787_393_473, nanoseconds: 0)

    func append(_ field: FormatField, to bytes: inout [UInt8]) -> Bool {
        guard let value = values[field] else { return false }
        bytes.append(contentsOf: value.utf8)
        return true
    }

    func append(header name: [UInt8], of message: FormatMessage, to bytes: inout [UInt8]) -> Bool {
        guard let value = headers[message]?[String(decoding: name, as: UTF8.self)] else { return false }
        bytes.append(contentsOf: value.utf8)
        return true
    }
}

func formatted(_ text: String, _ context: FakeContext, absent: StaticString = "-") throws -> String {
    var bytes: [UInt8] = []
    try FormatString(text).append(context, absent: absent, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

@Suite struct FormatStringTests {
    let context = FakeContext(
        values: [.requestProtocol: "HTTP/1.1", .responseCode: "200", .upstreamCluster: "web"],
        headers: [
            .request: [":path": "/shop?item=1", ":authority": "web.mesh", "x-a": "abcdef"],
            .response: ["server": "nginx"], .responseTrailers: ["grpc-status": "0"],
        ])

    @Test("operators are replaced by their values, absent ones by the stand-in")
    func operators() throws {
        #expect(try formatted("%PROTOCOL% %RESPONSE_CODE%!", context) == "HTTP/1.1 200!")
        #expect(try formatted("[%UPSTREAM_HOST%]", context) == "[-]")
        #expect(try formatted("[%UPSTREAM_HOST%]", context, absent: "") == "[]")
        #expect(try formatted("100%% %UPSTREAM_CLUSTER%", context) == "100% web")
    }

    @Test("headers are found in any case, with an alternative and a length")
    func headers() throws {
        #expect(try formatted("%REQ(X-A)%|%REQ(x-a):3%", context) == "abcdef|abc")
        #expect(try formatted("%REQ(X-B?X-A):2% %REQ(X-B?X-C)%", context) == "ab -")
        #expect(try formatted("%RESP(Server)% %TRAILER(GRPC-STATUS)%", context) == "nginx 0")
        #expect(try formatted("%REQ_WITHOUT_QUERY(:path)% %REQ_WITHOUT_QUERY(x?:path):3%", context) == "/shop /sh")
    }

    @Test("a text without operators is known as a literal")
    func literal() throws {
        #expect(try FormatString("a%%b").literal == Array("a%b".utf8))
        #expect(try FormatString("").literal == [])
        #expect(try FormatString("%PROTOCOL%").literal == nil)
    }

    @Test(
        "a wrong format is refused with what would be right",
        arguments: [
            ("%RESPONSE_COD%", "unknown operator %RESPONSE_COD%, did you mean %RESPONSE_CODE%?"),
            ("%DYNAMIC_METADATA(a)%", "unknown operator %DYNAMIC_METADATA%"),
            ("50% off", "no operator at byte 2; write %% for a percent sign"),
            ("%REQ%", "%REQ% needs an argument"),
            ("%REQ(a?b?c)%", "write one header, or two"),
            ("%PROTOCOL(x)%", "it takes no argument"),
            ("%REQ(a):0%", "the length must be a number above 0"),
            ("%PROTOCOL", "no operator at byte 0"),
            ("%START_TIME(%Q)%", "unknown field \"%Q\""),
        ])
    func wrong(text: String, message: String) {
        let error = #expect(throws: FormatError.self) { try FormatString(text) }
        #expect(error?.description.contains(message) ?? false, "\(String(describing: error))")
    }

    @Test(
        "times are written by strftime's letters and Envoy's sub-second fields",
        arguments: [
            ("%START_TIME%", "2026-08-22T10:11:12.045Z"),
            ("%START_TIME(%Y/%m/%dT%H:%M:%S%z %s)%", "2026/08/22T10:11:12+0000 1787393472"),
            ("%START_TIME(%s.%3f)%", "1787393472.045"),
            ("%START_TIME(%f %1f %6f)%", "045678901 0 045678"),
            ("%START_TIME(%a %A %b %B %e %j %p %I %y %Z %%)%", "Sat Saturday Aug August 22 234 AM 10 26 UTC %"),
            ("%START_TIME(%E3S %D %T %R)%", "12.045 08/22/26 10:11:12 10:11"),
            ("%EMIT_TIME(%s)%", "1787393473"),
        ])
    func times(text: String, expected: String) throws {
        #expect(try formatted(text, context) == expected)
    }

    @Test("dates are right around leap days and before 1970")
    func dates() throws {
        func date(_ seconds: Int64) throws -> String {
            var context = context
            context.startTime = WallTime(seconds: seconds, nanoseconds: 0)
            return try formatted("%START_TIME(%F %T %j %a)%", context)
        }
        #expect(try date(0) == "1970-01-01 00:00:00 001 Thu")
        #expect(try date(951_782_400) == "2000-02-29 00:00:00 060 Tue")
        #expect(try date(4_107_542_400) == "2100-03-01 00:00:00 060 Mon")
        #expect(try date(-1) == "1969-12-31 23:59:59 365 Wed")
    }

    @Test("response flags are written in Envoy's order and letters")
    func flags() {
        var bytes: [UInt8] = []
        #expect(ResponseFlags([.noRouteFound, .upstreamConnectionFailure]).append(to: &bytes))
        bytes.append(UInt8(ascii: " "))
        #expect(ResponseFlags.downstreamRemoteReset.append(to: &bytes, long: true))
        #expect(!ResponseFlags().append(to: &bytes))
        #expect(String(decoding: bytes, as: UTF8.self) == "UF,NR DownstreamRemoteReset")
    }
}
