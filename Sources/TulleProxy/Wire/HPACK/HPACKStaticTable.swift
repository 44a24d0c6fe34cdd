/// The static table (RFC 7541, Appendix A).
enum HPACKStaticTable {
    static let count = 61

    /// Its fields one behind the other, as lines of a header block.
    @inline(__always)
    static var lines: StaticString {
        """
        :authority: \r\n\
        :method: GET\r\n\
        :method: POST\r\n\
        :path: /\r\n\
        :path: /index.html\r\n\
        :scheme: http\r\n\
        :scheme: https\r\n\
        :status: 200\r\n\
        :status: 204\r\n\
        :status: 206\r\n\
        :status: 304\r\n\
        :status: 400\r\n\
        :status: 404\r\n\
        :status: 500\r\n\
        accept-charset: \r\n\
        accept-encoding: gzip, deflate\r\n\
        accept-language: \r\n\
        accept-ranges: \r\n\
        accept: \r\n\
        access-control-allow-origin: \r\n\
        age: \r\n\
        allow: \r\n\
        authorization: \r\n\
        cache-control: \r\n\
        content-disposition: \r\n\
        content-encoding: \r\n\
        content-language: \r\n\
        content-length: \r\n\
        content-location: \r\n\
        content-range: \r\n\
        content-type: \r\n\
        cookie: \r\n\
        date: \r\n\
        etag: \r\n\
        expect: \r\n\
        expires: \r\n\
        from: \r\n\
        host: \r\n\
        if-match: \r\n\
        if-modified-since: \r\n\
        if-none-match: \r\n\
        if-range: \r\n\
        if-unmodified-since: \r\n\
        last-modified: \r\n\
        link: \r\n\
        location: \r\n\
        max-forwards: \r\n\
        proxy-authenticate: \r\n\
        proxy-authorization: \r\n\
        range: \r\n\
        referer: \r\n\
        refresh: \r\n\
        retry-after: \r\n\
        server: \r\n\
        set-cookie: \r\n\
        strict-transport-security: \r\n\
        transfer-encoding: \r\n\
        user-agent: \r\n\
        vary: \r\n\
        via: \r\n\
        www-authenticate: \r\n\

        """
    }

    /// Its entries, the first at 0. Made once and never changed nor freed, so that any thread may read them.
    nonisolated(unsafe) static let entries: UnsafePointer<HPACKEntry> = {
        let entries = UnsafeMutablePointer<HPACKEntry>.allocate(capacity: count)
        let bytes = lines.rawBytes
        var start = 0
        for index in 0..<count {
            // No name has a colon behind its first byte, and no value has one at all.
            var colon = start + 1
            while bytes[colon] != 0x3A { colon += 1 }
            var end = colon + 2
            while bytes[end] != 0x0D { end += 1 }
            var traits = FieldTraits(name: UnsafeRawBufferPointer(rebasing: bytes[start..<colon]))
            traits.judge(value: UnsafeRawBufferPointer(rebasing: bytes[colon + 2..<end]))
            (entries + index).initialize(
                to: HPACKEntry(
                    start: UInt32(start), nameLength: UInt32(colon - start), valueLength: UInt32(end - colon - 2),
                    traits: traits))
            start = end + 2
        }
        precondition(start == bytes.count)
        return UnsafePointer(entries)
    }()
}
