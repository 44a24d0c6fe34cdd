/// Names of services and namespaces: DNS labels (RFC 1123), since they become host names.
enum Name {
    static func check(_ name: String, what flag: String) throws {
        let bytes = Array(name.utf8)
        let isAlphanumeric = { (byte: UInt8) in (97...122).contains(byte) || (48...57).contains(byte) }
        guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last),
            bytes.count <= 63, bytes.allSatisfy({ isAlphanumeric($0) || $0 == 45 })
        else {
            throw Failure(
                .usage,
                "\(flag) \"\(name)\": a name of 1 to 63 lower-case letters, digits and inner hyphens would be right")
        }
    }

    /// `k=v` as labels are written on the command line.
    static func label(_ text: String) throws -> (key: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw Failure(.usage, "--label \"\(text)\": key=value would be right, as version=v1")
        }
        let (key, value) = (String(text[..<equals]), String(text[text.index(after: equals)...]))
        let isWord = { (text: String, extra: [UInt8]) in
            text.utf8.allSatisfy { byte in
                (97...122).contains(byte | 0x20) || (48...57).contains(byte) || extra.contains(byte)
            }
        }
        guard key.utf8.count <= 317, value.utf8.count <= 63, isWord(key, Array("-._/".utf8)),
            isWord(value, Array("-._".utf8))
        else {
            throw Failure(
                .usage, "--label \"\(text)\": letters, digits, hyphens, dots and underscores would be right")
        }
        return (key, value)
    }
}
