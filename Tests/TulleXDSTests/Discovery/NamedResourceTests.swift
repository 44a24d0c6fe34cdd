import FoundationEssentials
import Testing

@testable import TulleXDS

@Suite struct NamedResourceTests {
    @Test("a name is read from the first field, whatever stands before it")
    func names() {
        #expect(ResourceName.read(from: Sample.resource(.cluster, "web", "1", text: "t").body) == "web")
        // Fields 2 (bytes), 3 (varint), 4 (fixed64), 5 (fixed32), then 1.
        let late = Data([
            0x12, 1, 0x78, 0x18, 0x96, 0x01, 0x21, 0, 0, 0, 0, 0, 0, 0, 0, 0x2d, 0, 0, 0, 0, 0x0a, 1, 0x61,
        ])
        #expect(ResourceName.read(from: late) == "a")
    }

    @Test("bytes that are no message have no name")
    func hostile() {
        for bytes: [UInt8] in [[], [0x0a], [0x0a, 9, 1], [0xff], [0x0b], [0x21], Array(repeating: 0xff, count: 40)] {
            #expect(ResourceName.read(from: Data(bytes)) == nil)
        }
        #expect(ResourceName.read(from: Data([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])) == nil)
    }

    @Test("a version is the content's hash, the same in every process")
    func hashes() {
        #expect(ContentHash("tulle").description == ContentHash("tulle").description)
        #expect(ContentHash("tulle") != ContentHash("tulles"))
        #expect(ContentHash("").description.count == 32)
    }
}
