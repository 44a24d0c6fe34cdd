import Testing
import TulleModel

@testable import TulleTelemetry

@Suite struct AccessLogFormatTests {
    let context = FakeContext(
        values: [
            .requestProtocol: "HTTP/1.1", .responseCode: "200", .bytesSent: "12", .bytesReceived: "0", .duration: "7",
            .upstreamHost: "10.0.0.1:80",
        ],
        headers: [
            .request: [
                ":method": "GET", ":path": "/new", "x-envoy-original-path": "/old", ":authority": "web.mesh",
                "user-agent": "say \"hi\"\\\u{1}é",
            ]
        ])

    func line(_ format: AccessLog.Format?) throws -> String {
        var bytes: [UInt8] = []
        try AccessLogFormat(format).append(context, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the standard line is Envoy's")
    func standard() throws {
        #expect(
            try line(nil) == "[2026-08-22T10:11:12.045Z] \"GET /old HTTP/1.1\" 200 - 0 12 7 - \"-\" "
                + "\"say \"hi\"\\\u{1}é\" \"-\" \"web.mesh\" \"10.0.0.1:80\"\n")
    }

    @Test("a text ends as its format does")
    func text() throws {
        #expect(try line(.text("%RESPONSE_CODE%")) == "200")
    }

    @Test("JSON keeps numbers, nulls what is absent, and sorts its keys")
    func json() throws {
        let format = Value.object([
            "status": .string("%RESPONSE_CODE%"), "agent": .string("%REQ(user-agent)%"),
            "flags": .string("%RESPONSE_FLAGS%"),
            "both": .string("%RESPONSE_CODE%/%RESPONSE_FLAGS%"), "fixed": .string("a\nb"), "n": .number(3),
            "half": .number(0.5), "on": .bool(true), "none": .null,
            "deep": .object(["list": .list([.string("%DURATION%"), .string("%UPSTREAM_HOST%")])]),
            "time": .string("%START_TIME(%s)%"),
        ])
        #expect(
            try line(.json(format))
                == #"{"agent":"say \"hi\"\\\u0001é","both":"200/-","deep":{"list":[7,"10.0.0.1:80"]},"#
                + #""fixed":"a\nb","flags":null,"half":0.5,"n":3,"none":null,"on":true,"status":200,"#
                + #""time":"1787393472"}"# + "\n")
    }

    @Test("bytes that are not UTF-8 do not break a JSON line")
    func invalidBytes() {
        var bytes: [UInt8] = []
        bytes.append(jsonString: [0x61, 0xFF, 0x62])
        #expect(String(validating: bytes, as: UTF8.self) == #""a\u00ffb""#)
    }

    @Test("wrong formats are refused with the key")
    func wrong() {
        #expect(throws: FormatError.self) { try AccessLogFormat(.json(.list([]))) }
        let error = #expect(throws: FormatError.self) {
            try AccessLogFormat(.json(.object(["a": .object(["b": .string("%NOPE%")])])))
        }
        #expect(error?.description.hasPrefix("a.b: ") ?? false)
    }
}
