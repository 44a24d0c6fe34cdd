internal import FoundationEssentials

/// The bytes of a cache file: resources of one type, with a checksum.
///
/// `TULLEXDS1\n`, a checksum of the rest (8 bytes), then the node id, the type and each resource's name, version and
/// body, each as a length (4 bytes) and bytes; numbers are little endian. A format of our own, so that a half-written
/// or foreign file is told from a good one before any of it is believed.
enum CacheFile {
    static let magic = Array("TULLEXDS1\n".utf8)

    /// Why a file is not believed.
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    static func encode(_ resources: [NamedResource], type: TypeURL, node: String) -> Data {
        var payload = Data()
        func add(_ bytes: Data) {
            withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { payload.append(contentsOf: $0) }
            payload.append(bytes)
        }
        add(Data(node.utf8))
        add(Data(type.rawValue.utf8))
        for resource in resources.sorted(by: { $0.name < $1.name }) {
            add(Data(resource.name.utf8))
            add(Data(resource.version.utf8))
            add(resource.body)
        }
        var file = Data(magic)
        withUnsafeBytes(of: ContentHash(payload).checksum.littleEndian) { file.append(contentsOf: $0) }
        file.append(payload)
        return file
    }

    /// - Throws: `Fault` for a file that is damaged, or is another node's.
    static func decode(_ file: Data, node: String) throws(Fault) -> (type: TypeURL, resources: [NamedResource]) {
        let bytes = Data(file)
        guard bytes.count >= magic.count + 8, bytes.prefix(magic.count).elementsEqual(magic) else {
            throw Fault(description: "is not a resource cache")
        }
        var checksum: UInt64 = 0
        for (index, byte) in bytes[magic.count..<magic.count + 8].enumerated() {
            checksum |= UInt64(byte) << UInt64(8 * index)
        }
        let payload = Data(bytes[(magic.count + 8)...])
        guard ContentHash(payload).checksum == checksum else { throw Fault(description: "has a wrong checksum") }

        var position = payload.startIndex
        func next() throws(Fault) -> Data {
            guard payload.endIndex - position >= 4 else { throw Fault(description: "ends too early") }
            var length = 0
            for index in 0..<4 { length |= Int(payload[position + index]) << (8 * index) }
            position += 4
            guard payload.endIndex - position >= length else { throw Fault(description: "ends too early") }
            defer { position += length }
            return Data(payload[position..<position + length])
        }
        func text() throws(Fault) -> String { String(decoding: try next(), as: UTF8.self) }

        let owner = try text()
        guard owner == node else { throw Fault(description: "is of node \"\(owner)\", expected \"\(node)\"") }
        let type = TypeURL(rawValue: try text())
        var resources: [NamedResource] = []
        while position < payload.endIndex {
            let name = try text()
            let version = try text()
            resources.append(NamedResource(type: type, name: name, version: version, body: try next()))
        }
        return (type, resources)
    }
}
