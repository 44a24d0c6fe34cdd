import NIOCore

/// What a block was decoded to.
struct HPACKFields {
    private var pseudo: [(kind: FieldKind, value: [UInt8])] = []
    private var fields: [HTTP1Facts.Field]

    init(_ block: HeaderBlock, _ ranges: PseudoFields) {
        let all: [(FieldKind, Range<Int>?)] = [
            (.method, ranges.method), (.scheme, ranges.scheme), (.authority, ranges.authority), (.path, ranges.path),
            (.status, ranges.status), (.proto, ranges.proto),
        ]
        pseudo = block.withBytes { bytes in all.compactMap { kind, range in range.map { (kind, Array(bytes[$0])) } } }
        fields = HTTP1Facts.fields(block)
    }

    func isCheap(_ limits: HTTP1Limits) -> Bool {
        fields.count <= limits.maxFields + 1
            && fields.reduce(0) { $0 + $1.name.count + $1.value.count } <= limits.maxHeadBytes + 4 * limits.maxFields
    }

    func checkRules(_ kind: BlockKind, _ limits: HTTP1Limits) {
        check(fields.count <= limits.maxFields, "more fields than allowed")
        let bytes = fields.reduce(0) { $0 + $1.name.count + $1.value.count }
        check(bytes <= limits.maxHeadBytes, "more bytes than allowed")
        for field in fields {
            check(FieldRules.isToken(field.name) && FieldRules.isLowercase(field.name), "a name: \(field.name)")
            check(FieldRules.isValue(field.value), "a value: \(HTTP1HeadFuzz.text(field.value))")
            check(!FieldRules.connectionSpecific.contains(field.name), "a field of one connection")
            if field.name == Array("te".utf8) {
                check(field.value.map(ByteClass.lower) == Array("trailers".utf8), "TE of other than trailers")
            }
        }
        for (name, value) in pseudo {
            check(name.belongs(to: kind), "a pseudo-field where none of its kind may be")
            switch name {
            case .method, .proto: check(FieldRules.isToken(value), "a method or protocol: \(value)")
            case .status: check(value.count == 3 && Int(String(decoding: value, as: UTF8.self)) != nil, "a status")
            case .path, .scheme:
                check(!value.isEmpty && value.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a path or scheme: \(value)")
            case .authority: check(value.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x40 }, "an authority: \(value)")
            case .regular: check(false, "a pseudo-field that is none")
            }
        }
    }

    func checkAgainst(_ expected: [ReferenceHPACK.Field], _ kind: BlockKind) {
        for field in expected where field.name.first == 0x3A {
            let name = FieldKind.pseudo(field.name)
            check(pseudo.contains { $0.kind == name && $0.value == field.value }, "a pseudo-field differs")
        }
        check(pseudo.count == expected.filter { $0.name.first == 0x3A }.count, "pseudo-fields are lost")
        var regular = expected.filter { $0.name.first != 0x3A }.map { HTTP1Facts.Field(name: $0.name, value: $0.value) }
        var decoded = fields
        if kind == .request {
            // The crumbs of a cookie are joined (RFC 9113, 8.2.3); where that stands among the others is free.
            let cookie = Array("cookie".utf8)
            let crumbs = regular.filter { $0.name == cookie }.map(\.value)
            let joined = crumbs.enumerated().filter { $0.offset == 0 || !$0.element.isEmpty }.map(\.element)
                .joined(separator: Array("; ".utf8))
            let expected = crumbs.isEmpty ? [] : [Array(joined)]
            check(decoded.filter { $0.name == cookie }.map(\.value) == expected, "the cookies differ")
            regular.removeAll { $0.name == cookie }
            decoded.removeAll { $0.name == cookie }
        }
        check(decoded == regular, "the fields differ")
    }

    /// Through the encoder and back.
    func checkEncoded(_ kind: BlockKind, neverIndexed block: HeaderBlock) {
        let bound =
            pseudo.reduce(0) { $0 + HPACKEncoder.bound(name: 10, value: $1.value.count) }
            + fields.reduce(0) { $0 + HPACKEncoder.bound(name: $1.name.count, value: $1.value.count) }
        let written = FieldBlock.written(bound: bound) { writer in
            for (name, value) in pseudo { Self.write(name, value, to: &writer) }
            for field in fields {
                field.name.withUnsafeBytes { name in
                    field.value.withUnsafeBytes { value in
                        HPACKEncoder.field(KnownHeader.named(name.baseAddress!, name.count), name, value, to: &writer)
                    }
                }
            }
        }
        var again = HeaderBlock()
        var ranges = PseudoFields()
        let result = FieldBlock.decode(written, as: kind, into: &again, &ranges)
        check(result == .complete, "\(result) for what we wrote")
        let next = HPACKFields(again, ranges)
        check(next.fields == fields, "fields change through the encoder")
        check(next.pseudo.elementsEqual(pseudo) { $0 == $1 }, "pseudo-fields change through the encoder")
    }

    private static func write(_ name: FieldKind, _ value: [UInt8], to writer: inout HeadWriter) {
        value.withUnsafeBytes { bytes in
            switch name {
            case .method:
                let method = HTTPMethod.named(bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), bytes.count)
                HPACKEncoder.method(method, bytes, to: &writer)
            case .status: HPACKEncoder.status(Int(String(decoding: value, as: UTF8.self))!, to: &writer)
            case .path: HPACKEncoder.path(bytes, nil, to: &writer)
            case .authority: HPACKEncoder.authority(bytes, to: &writer)
            case .proto: HPACKEncoder.proto(bytes, to: &writer)
            case .scheme where value == Array("https".utf8): HPACKEncoder.scheme(https: true, to: &writer)
            case .scheme where value == Array("http".utf8): HPACKEncoder.scheme(https: false, to: &writer)
            // The encoder writes no other scheme.
            case .scheme:
                writer.append(byte: 0x06)
                HPACKInteger.write(bytes.count, mask: 0x7F, pattern: 0, to: &writer)
                writer.append(bytes)
            case .regular: break
            }
        }
    }
}

extension FieldKind {
    fileprivate static func pseudo(_ name: [UInt8]) -> FieldKind? { name.withUnsafeBytes { pseudo($0) } }
}
