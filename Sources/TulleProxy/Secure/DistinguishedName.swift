import NIOSSL

/// The subject of a certificate as text (RFC 2253): the last part first, `CN=web,O=Example`.
enum DistinguishedName {
    static func text(of certificate: NIOSSLCertificate) -> String {
        guard let der = try? certificate.toDERBytes() else { return "" }
        return text(ofCertificate: der[...]) ?? ""
    }

    /// Nil where the bytes are not a certificate.
    static func text(ofCertificate der: ArraySlice<UInt8>) -> String? {
        var input = der
        guard var certificate = DERValue.read(&input, 0x30)?.content,
            var body = DERValue.read(&certificate, 0x30)?.content
        else { return nil }
        // version, which may be left out; serialNumber, signature, issuer, validity (RFC 5280, 4.1).
        _ = DERValue.read(&body, 0xA0)
        guard DERValue.read(&body, 0x02) != nil, DERValue.read(&body, 0x30) != nil, DERValue.read(&body, 0x30) != nil,
            DERValue.read(&body, 0x30) != nil, var subject = DERValue.read(&body, 0x30)?.content
        else { return nil }
        var parts: [String] = []
        while !subject.isEmpty {
            guard var set = DERValue.read(&subject, 0x31)?.content else { return nil }
            var values: [String] = []
            while !set.isEmpty {
                guard var pair = DERValue.read(&set, 0x30)?.content, let type = DERValue.read(&pair, 0x06)?.content,
                    let value = DERValue.read(&pair)
                else { return nil }
                values.append("\(name(type))=\(escaped(value))")
            }
            parts.append(values.joined(separator: "+"))
        }
        return parts.reversed().joined(separator: ",")
    }

    private static func name(_ type: ArraySlice<UInt8>) -> String {
        let bytes = Array(type)
        // id-at, 2.5.4.
        if bytes.count == 3, bytes[0] == 0x55, bytes[1] == 0x04 {
            switch bytes[2] {
            case 3: return "CN"
            case 5: return "serialNumber"
            case 6: return "C"
            case 7: return "L"
            case 8: return "ST"
            case 10: return "O"
            case 11: return "OU"
            default: return "2.5.4.\(bytes[2])"
            }
        }
        if bytes == [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01] { return "emailAddress" }
        if bytes == [0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 0x01, 0x19] { return "DC" }
        return dotted(bytes)
    }

    private static func dotted(_ bytes: [UInt8]) -> String {
        var numbers: [Int] = []
        var number = 0
        for byte in bytes {
            number = (number & 0xFFFF_FFFF) << 7 | Int(byte & 0x7F)
            guard byte & 0x80 == 0 else { continue }
            numbers += numbers.isEmpty ? [min(number / 40, 2), number - min(number / 40, 2) * 40] : [number]
            number = 0
        }
        return numbers.map(String.init).joined(separator: ".")
    }

    private static func escaped(_ value: DERValue) -> String {
        let text: String
        switch value.tag {
        // BMPString is UTF-16.
        case 0x1E:
            let units = stride(from: value.content.startIndex, to: value.content.endIndex - 1, by: 2)
            text = String(
                decoding: units.map { UInt16(value.content[$0]) << 8 | UInt16(value.content[$0 + 1]) }, as: UTF16.self)
        default: text = String(decoding: value.content, as: UTF8.self)
        }
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            switch scalar {
            case ",", "+", "\"", "\\", "<", ">", ";": result += "\\\(scalar)"
            case "#" where index == 0, " " where index == 0: result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                result += "\\" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16, uppercase: true)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// One value in DER: its tag and its content.
struct DERValue {
    var tag: UInt8
    var content: ArraySlice<UInt8>

    /// Takes the next value off `input`; nil where it is none, or of another tag than the one that is wanted.
    static func read(_ input: inout ArraySlice<UInt8>, _ wanted: UInt8? = nil) -> DERValue? {
        var rest = input
        guard let tag = rest.popFirst(), tag == wanted ?? tag, let first = rest.popFirst() else { return nil }
        var length = Int(first)
        if first & 0x80 != 0 {
            let count = Int(first & 0x7F)
            guard (1...3).contains(count), rest.count >= count else { return nil }
            length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            rest.removeFirst(count)
        }
        guard rest.count >= length else { return nil }
        let content = rest.prefix(length)
        input = rest.dropFirst(length)
        return DERValue(tag: tag, content: content)
    }
}
