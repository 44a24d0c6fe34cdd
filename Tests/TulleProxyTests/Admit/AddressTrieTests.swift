import Testing
import TulleModel

@testable import TulleProxy

@Suite struct AddressTrieTests {
    @Test("every range that holds an address is met, the widest first")
    func nested() throws {
        let memory = RouteMemory()
        var ranges: [AddressRange: Int32] = [:]
        let prefixes = [
            ("0.0.0.0", 0), ("10.0.0.0", 8), ("10.128.0.0", 9), ("10.1.0.0", 16), ("10.1.2.3", 32), ("::", 0),
            ("2001:db8::", 32),
        ]
        for (value, (address, length)) in prefixes.enumerated() {
            ranges[try AddressRange(AddressPrefix(address: address, length: length))] = Int32(value)
        }
        let trie = AddressTrie(ranges, in: memory)
        func met(_ address: String) throws -> [Int32] {
            var values: [Int32] = []
            _ = trie.visit(try #require(IPAddressBits(address))) {
                values.append($0)
                return false
            }
            return values
        }
        #expect(try met("10.1.2.3") == [0, 1, 3, 4])
        #expect(try met("10.1.2.4") == [0, 1, 3])
        #expect(try met("10.200.0.1") == [0, 1, 2])
        #expect(try met("11.0.0.0") == [0])
        #expect(try met("2001:db8::7") == [5, 6])
        #expect(try met("2001:db9::7") == [5])
        withExtendedLifetime(memory) {}
    }

    @Test("a range of IPv4 that is written as one of IPv6 is that range")
    func mapped() throws {
        let plain = try AddressRange(AddressPrefix(address: "10.0.0.0", length: 8))
        #expect(try AddressRange(AddressPrefix(address: "::ffff:10.0.0.0", length: 104)) == plain)
        #expect(throws: RouteError.self) { try AddressRange(AddressPrefix(address: "::ffff:0.0.0.0", length: 95)) }
    }

    @Test("bits behind a range's length do not count, and an empty trie holds nothing")
    func loose() throws {
        let memory = RouteMemory()
        let range = try AddressRange(AddressPrefix(address: "10.1.2.3", length: 16))
        #expect(range == (try AddressRange(AddressPrefix(address: "10.1.0.0", length: 16))))
        let address = try #require(IPAddressBits("10.1.9.9"))
        #expect(AddressTrie([range: 0], in: memory).contains(address))
        #expect(!AddressTrie([:], in: memory).contains(address))
        withExtendedLifetime(memory) {}
    }
}
