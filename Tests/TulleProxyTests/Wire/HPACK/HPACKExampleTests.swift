import Testing

@testable import TulleProxy

/// RFC 7541, Appendix C.
@Suite("HPACK examples")
struct HPACKExampleTests {
    @Test("integers (C.1) are read and written")
    func integers() {
        for (value, mask, hex) in [(10, UInt8(0x1F), "0a"), (1337, 0x1F, "1f9a0a"), (42, 0xFF, "2a")] {
            let bytes = HPACKHarness.bytes(hex)
            var at = 0
            let read = bytes.withUnsafeBufferPointer {
                HPACKInteger.read($0.baseAddress!, &at, $0.count, mask: mask)
            }
            #expect(read == value)
            #expect(at == bytes.count)
            #expect(HPACKHarness.written { HPACKInteger.write(value, mask: mask, pattern: 0, to: &$0) } == bytes)
        }
    }

    @Test("a literal with indexing (C.2.1) is kept in the table")
    func literalWithIndexing() {
        var peer = HPACKHarness()
        #expect(peer.decode(hex: "400a637573746f6d2d6b65790d637573746f6d2d686561646572") == .complete)
        #expect(peer.fields == ["custom-key: custom-header"])
        #expect(peer.table == ["custom-key: custom-header"])
        #expect(peer.decoder.tableBytes == 55)
    }

    @Test("a literal without indexing (C.2.2) is read and written, and not kept")
    func literalWithoutIndexing() {
        let bytes = HPACKHarness.bytes("040c2f73616d706c652f70617468")
        var peer = HPACKHarness()
        #expect(peer.decode(bytes) == .complete)
        #expect(peer.fields == [":path: /sample/path"])
        #expect(peer.table == [])
        let path: StaticString = "/sample/path"
        #expect(HPACKHarness.written { HPACKEncoder.path(path.rawBytes, nil, to: &$0) } == bytes)
    }

    @Test("a literal that is never indexed (C.2.3) is read and written, and says so")
    func neverIndexed() {
        let bytes = HPACKHarness.bytes("100870617373776f726406736563726574")
        var peer = HPACKHarness()
        #expect(peer.decode(bytes) == .complete)
        #expect(peer.fields == ["password: secret"])
        #expect(peer.table == [])
        #expect(peer.block.fields[0].flags == .neverIndexed)
        let (name, value): (StaticString, StaticString) = ("password", "secret")
        #expect(
            HPACKHarness.written {
                HPACKEncoder.field(.other, name.rawBytes, value.rawBytes, neverIndexed: true, to: &$0)
            } == bytes)
    }

    @Test("an indexed field (C.2.4) is read and written")
    func indexed() {
        var peer = HPACKHarness()
        #expect(peer.decode(hex: "82") == .complete)
        #expect(peer.fields == [":method: GET"])
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(HPACKHarness.written { HPACKEncoder.method(.get, none, to: &$0) } == [0x82])
    }

    @Test(
        "requests on one connection, without Huffman codes (C.3) and with them (C.4)",
        arguments: [
            [
                "828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
                "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
            ],
            [
                "828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
                "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
            ],
        ])
    func requests(fragments: [String]) {
        var peer = HPACKHarness()
        let start = [":method: GET", ":scheme: http", ":authority: www.example.com", ":path: /"]
        #expect(peer.decode(hex: fragments[0]) == .complete)
        #expect(peer.fields == start)
        #expect(peer.table == [":authority: www.example.com"])
        #expect(peer.decoder.tableBytes == 57)

        #expect(peer.decode(hex: fragments[1]) == .complete)
        #expect(peer.fields == start + ["cache-control: no-cache"])
        #expect(peer.table == ["cache-control: no-cache", ":authority: www.example.com"])
        #expect(peer.decoder.tableBytes == 110)

        #expect(peer.decode(hex: fragments[2]) == .complete)
        #expect(
            peer.fields == [
                ":method: GET", ":scheme: https", ":authority: www.example.com", ":path: /index.html",
                "custom-key: custom-value",
            ])
        #expect(
            peer.table == ["custom-key: custom-value", "cache-control: no-cache", ":authority: www.example.com"])
        #expect(peer.decoder.tableBytes == 164)
    }

    @Test(
        "responses with a table of 256 bytes that evicts, without Huffman codes (C.5) and with them (C.6)",
        arguments: [
            [
                "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54"
                    + "6e1768747470733a2f2f7777772e6578616d706c652e636f6d",
                "4803333037c1c0bf",
                "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d41"
                    + "53444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b207665727369"
                    + "6f6e3d31",
            ],
            [
                "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97"
                    + "c8e9ae82ae43d3",
                "4883640effc1c0bf",
                "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd"
                    + "5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
            ],
        ])
    func responses(fragments: [String]) {
        var peer = HPACKHarness(maxTableBytes: 256)
        let rest = [
            "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT", "location: https://www.example.com",
        ]
        #expect(peer.decode(hex: fragments[0], as: .response) == .complete)
        #expect(peer.fields == [":status: 302"] + rest)
        #expect(peer.table == rest.reversed() + [":status: 302"])
        #expect(peer.decoder.tableBytes == 222)

        #expect(peer.decode(hex: fragments[1], as: .response) == .complete)
        #expect(peer.fields == [":status: 307"] + rest)
        #expect(peer.table == [":status: 307"] + rest.reversed())
        #expect(peer.decoder.tableBytes == 222)

        let date = "date: Mon, 21 Oct 2013 20:13:22 GMT"
        let cookie = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
        #expect(peer.decode(hex: fragments[2], as: .response) == .complete)
        #expect(
            peer.fields == [
                ":status: 200", "cache-control: private", date, "location: https://www.example.com",
                "content-encoding: gzip", cookie,
            ])
        #expect(peer.table == [cookie, "content-encoding: gzip", date])
        #expect(peer.decoder.tableBytes == 215)
    }
}
