import Foundation
import Testing
import TulleConfig
import TulleControl
import TulleModel

@testable import TulleCommand

/// What the commands print.
struct OutputTests {
    private let plain = Palette(isOn: false)

    @Test("columns are as wide as their widest cell, and no line ends in spaces")
    func table() {
        var table = Table([("NAME", .left), ("N", .right), ("X", .left)])
        table.rows = [["a", "1", "long"], ["bbbbb", "1000", ""]]
        #expect(table.text(plain) == "NAME      N  X\na         1  long\nbbbbb  1000\n")
    }

    @Test("colour is for terminals, unless NO_COLOR says no")
    func colour() {
        #expect(!Palette(descriptor: -1, environment: [:]).isOn)
        #expect(Palette(isOn: true).paint("x", .red) == "\u{1b}[31mx\u{1b}[0m")
        #expect(plain.paint("x", .red) == "x")
    }

    @Test("YAML is read back as what was written")
    func yaml() throws {
        let value = Value.object([
            "text": .string("true"), "number": .string("1.2"), "empty": .string(""), "dash": .string("- a: b"),
            "lines": .string("a\n\tb\u{1}"), "whole": .number(80), "part": .number(0.5), "flag": .bool(true),
            "nothing": .null,
            "list": .list([.object(["a": .number(1), "b": .list([.string("c")])]), .list([.number(1)])]),
            "none": .list([]), "empties": .object([:]), "key with: colon": .object(["x": .string("~")]),
        ])
        let text = YAMLText.text(of: value)
        #expect(try YAMLReader.read(Array(text.utf8), file: "x").first?.value == value)
        let json = try Document(json: Data(Document(value).jsonText.utf8))
        #expect(json.value == value)
    }

    @Test("100% is for no failure at all")
    func percent() {
        #expect(StatTable.percent(1) == "100%")
        #expect(StatTable.percent(0.99999) == "99.99%")
        #expect(StatTable.percent(0.5) == "50.00%")
        #expect(StatTable.latency(3.14) == "3.1ms")
        #expect(StatTable.latency(2500) == "2.5s")
        #expect(StatTable.bytes(2_500_000) == "2.5MB")
    }

    @Test("the table of traffic has both directions, and who did not answer")
    func stat() {
        let view = StatsView(
            window: 10,
            rows: [
                .init(
                    namespace: "default", service: "web", direction: .inbound, reporters: 1, requests: 100,
                    plaintext: 0,
                    successRate: 0.99, rps: 10, p50: 1, p95: 20, p99: 300, tcp: nil),
                .init(
                    namespace: "data", service: "redis", direction: .outbound, reporters: 1, requests: 0, plaintext: 0,
                    successRate: nil, rps: 0, p50: nil, p95: nil, p99: nil,
                    tcp: .init(opened: 2, closed: 1, receivedBytes: 1000, sentBytes: 20)),
            ], unreachable: [.init(workload: "sidecar~127.0.0.1~web-x.default~default.mesh", reason: "gone")])
        #expect(
            StatTable.text(view, plain) == """
                SERVICE     DIR  SUCCESS   RPS    P50   P95    P99  CONNS  RECEIVED  SENT
                web         in    99.00%  10.0  1.0ms  20ms  300ms      -         -     -
                redis.data  out        -     -      -     -      -      2     1.0kB   20B
                unreachable: web-x.default: gone

                """)
    }

    @Test("a live screen never scrolls")
    func live() {
        let frame = LiveScreen.frame("a\nb\nc\nd\n", rows: 4)
        #expect(frame.contains("a\u{1b}[K\nb\u{1b}[K\n… 2 more"))
        #expect(frame.count { $0 == "\n" } == 3)
    }

    @Test("a resource's fault is its first condition that is not true")
    func fault() {
        let condition = { (status: String) in
            Value.object(["type": .string("Accepted"), "status": .string(status), "message": .string("no such port")])
        }
        let resource = { (status: String) in
            JSON(.object(["status": .object(["conditions": .list([condition(status)])])]))
        }
        #expect(MeshTables.fault(resource("True")) == nil)
        #expect(MeshTables.fault(resource("False")) == "Accepted: no such port")
    }
}
