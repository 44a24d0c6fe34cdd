/// Writes field blocks (RFC 7541) without the dynamic table and without Huffman codes: the static table, and literals.
///
/// So nothing that is sent depends on what was sent before, blocks can be written in any order and on behalf of any
/// stream, and a field costs two copies. It costs the peer some bytes a field; between two proxies of a mesh these
/// are cheaper than finding them in a table and coding them.
enum HPACKEncoder {
    /// The most bytes that one field takes: six for each length, one in front, and what they announce. For a pseudo-field,
    /// `name` is its name's length with the colon.
    @inline(__always)
    static func bound(name: Int, value: Int) -> Int { 13 &+ name &+ value }

    /// A status of three digits.
    static func status(_ status: Int, to writer: inout HeadWriter) {
        precondition(100...999 ~= status)
        switch status {
        case 200: writer.append(byte: 0x88)
        case 204: writer.append(byte: 0x89)
        case 206: writer.append(byte: 0x8A)
        case 304: writer.append(byte: 0x8B)
        case 400: writer.append(byte: 0x8C)
        case 404: writer.append(byte: 0x8D)
        case 500: writer.append(byte: 0x8E)
        default:
            writer.append(byte: 0x08)
            writer.append(byte: 3)
            writer.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status / 100))
            writer.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status / 10 % 10))
            writer.append(byte: UInt8(truncatingIfNeeded: 0x30 &+ status % 10))
        }
    }

    /// - Parameter bytes: the method's name, used for `.other` alone.
    static func method(_ method: HTTPMethod, _ bytes: UnsafeRawBufferPointer, to writer: inout HeadWriter) {
        switch method {
        case .get: writer.append(byte: 0x82)
        case .post: writer.append(byte: 0x83)
        default:
            writer.append(byte: 0x02)
            string(method == .other ? bytes : method.name.rawBytes, to: &writer)
        }
    }

    static func scheme(https: Bool, to writer: inout HeadWriter) {
        writer.append(byte: https ? 0x87 : 0x86)
    }

    static func authority(_ bytes: UnsafeRawBufferPointer, to writer: inout HeadWriter) {
        writer.append(byte: 0x01)
        string(bytes, to: &writer)
    }

    /// `path`, or `path?query` when there is a query, even an empty one.
    static func path(
        _ path: UnsafeRawBufferPointer, _ query: UnsafeRawBufferPointer?, to writer: inout HeadWriter
    ) {
        if query == nil, path.count == 1, path[0] == 0x2F {
            writer.append(byte: 0x84)
            return
        }
        writer.append(byte: 0x04)
        HPACKInteger.write(path.count &+ (query.map { $0.count &+ 1 } ?? 0), mask: 0x7F, pattern: 0, to: &writer)
        writer.append(path)
        if let query {
            writer.append(byte: 0x3F)
            writer.append(query)
        }
    }

    /// `:protocol`, of an extended CONNECT (RFC 8441).
    static func proto(_ bytes: UnsafeRawBufferPointer, to writer: inout HeadWriter) {
        writer.append(byte: 0x00)
        string((":protocol" as StaticString).rawBytes, to: &writer)
        string(bytes, to: &writer)
    }

    /// A field. Its name is written in lower case, whatever case it is in.
    ///
    /// - Parameter neverIndexed: whether no hop may put it into a table: for what came so (RFC 7541, 6.2.3). Credentials
    ///   and cookies always are, since a guess at them could be told from the size of what is sent (7.1).
    @inline(__always)
    static func field(
        _ known: KnownHeader, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer,
        neverIndexed: Bool = false, to writer: inout HeadWriter
    ) {
        let pattern: UInt8 = neverIndexed || known.bit & secret != 0 ? 0x10 : 0
        let index = staticIndex(known)
        if index > 0 {
            HPACKInteger.write(index, mask: 0x0F, pattern: pattern, to: &writer)
        } else {
            writer.append(byte: pattern)
            HPACKInteger.write(name.count, mask: 0x7F, pattern: 0, to: &writer)
            writer.appendLowercased(name)
        }
        string(value, to: &writer)
    }

    private static let secret =
        KnownHeader.authorization.bit | KnownHeader.proxyAuthorization.bit | KnownHeader.cookie.bit
        | KnownHeader.setCookie.bit

    @inline(__always)
    private static func string(_ bytes: UnsafeRawBufferPointer, to writer: inout HeadWriter) {
        HPACKInteger.write(bytes.count, mask: 0x7F, pattern: 0, to: &writer)
        writer.append(bytes)
    }

    /// Where the static table has the name; 0 when it does not.
    private static func staticIndex(_ known: KnownHeader) -> Int {
        switch known {
        case .acceptEncoding: 16
        case .accept: 19
        case .age: 21
        case .authorization: 23
        case .cacheControl: 24
        case .contentEncoding: 26
        case .contentLength: 28
        case .contentType: 31
        case .cookie: 32
        case .date: 33
        case .etag: 34
        case .expect: 35
        case .host: 38
        case .lastModified: 44
        case .location: 46
        case .proxyAuthenticate: 48
        case .proxyAuthorization: 49
        case .referer: 51
        case .server: 54
        case .setCookie: 55
        case .transferEncoding: 57
        case .userAgent: 58
        case .via: 60
        case .wwwAuthenticate: 61
        default: 0
        }
    }
}
