/// The parts of a TLS ClientHello that decide where a connection goes (RFC 8446 section 4.1.2).
struct ClientHello: Equatable {
    enum Outcome: Equatable {
        case needMore
        case notTLS
        case hello(ClientHello)
    }

    var serverName: String?
    var applicationProtocols: [String] = []

    /// Reads the hello from the first record. A hello split over several records counts as not TLS, which no
    /// client in use sends at the sizes that are looked at.
    static func read(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        guard bytes.count >= 5 else { return .needMore }
        guard bytes[0] == 0x16, bytes[1] == 3 else { return .notTLS }
        let recordLength = Int(bytes[3]) << 8 | Int(bytes[4])
        guard recordLength > 0, recordLength <= 1 << 14 else { return .notTLS }
        guard bytes.count >= 5 + recordLength else { return .needMore }
        var reader = Reader(bytes: UnsafeRawBufferPointer(rebasing: bytes[5..<5 + recordLength]))
        guard reader.integer(1) == 1, let length = reader.integer(3), var body = reader.sub(length),
            body.skip(2 + 32), let session = body.integer(1), body.skip(session), let suites = body.integer(2),
            body.skip(suites), let compressions = body.integer(1), body.skip(compressions)
        else { return .notTLS }
        var hello = ClientHello()
        guard let extensionsLength = body.integer(2) else { return .hello(hello) }
        guard var extensions = body.sub(extensionsLength) else { return .notTLS }
        while !extensions.isEmpty {
            guard let type = extensions.integer(2), let size = extensions.integer(2),
                var content = extensions.sub(size)
            else { return .notTLS }
            switch type {
            case 0: hello.serverName = Self.serverName(&content)
            case 16: hello.applicationProtocols = Self.protocols(&content)
            default: break
            }
        }
        return .hello(hello)
    }

    private static func serverName(_ content: inout Reader) -> String? {
        guard let listLength = content.integer(2), var list = content.sub(listLength) else { return nil }
        while let type = list.integer(1), let length = list.integer(2), let name = list.text(length) {
            if type == 0 { return name.lowercased() }
        }
        return nil
    }

    private static func protocols(_ content: inout Reader) -> [String] {
        guard let listLength = content.integer(2), var list = content.sub(listLength) else { return [] }
        var names: [String] = []
        while let length = list.integer(1), let name = list.text(length) { names.append(name) }
        return names
    }

    /// A cursor that answers nil at the end instead of trapping.
    private struct Reader {
        var bytes: UnsafeRawBufferPointer
        var offset = 0

        var isEmpty: Bool { offset >= bytes.count }

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        mutating func integer(_ width: Int) -> Int? {
            guard bytes.count - offset >= width else { return nil }
            var value = 0
            for _ in 0..<width {
                value = value << 8 | Int(bytes[offset])
                offset += 1
            }
            return value
        }

        mutating func skip(_ count: Int) -> Bool {
            guard bytes.count - offset >= count else { return false }
            offset += count
            return true
        }

        mutating func sub(_ count: Int) -> Reader? {
            guard bytes.count - offset >= count else { return nil }
            defer { offset += count }
            return Reader(bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]))
        }

        mutating func text(_ count: Int) -> String? {
            guard let part = sub(count) else { return nil }
            return String(decoding: part.bytes, as: UTF8.self)
        }
    }
}
