/// The form of `host[:port]` (RFC 3986, 3.2 without user information).
enum Authority {
    /// Whether a range is an authority. An empty one is valid unless a port is asked for: it says that the target has
    /// no authority (RFC 9112, 3.2).
    static func isValid(_ base: UnsafePointer<UInt8>, _ range: Range<Int>, portRequired: Bool) -> Bool {
        if range.isEmpty { return !portRequired }
        let allowed = ByteClass.authority
        let end = range.upperBound
        var at = range.lowerBound
        if base[at] == 0x5B {
            // An IP literal: its own letters are the business of whoever connects to it.
            at &+= 1
            let inside = at
            while at < end, base[at] != 0x5D {
                if allowed[Int(base[at])] & 1 == 0 || base[at] == 0x5B { return false }
                at &+= 1
            }
            guard at < end, at > inside else { return false }
            at &+= 1
        } else {
            while at < end, base[at] != 0x3A {
                if allowed[Int(base[at])] & 1 == 0 || base[at] == 0x5B || base[at] == 0x5D { return false }
                at &+= 1
            }
            guard at > range.lowerBound else { return false }
        }
        if at == end { return !portRequired }
        guard base[at] == 0x3A else { return false }
        at &+= 1
        let digits = at
        var port = 0
        while at < end {
            let digit = base[at] &- 0x30
            guard digit < 10, at &- digits < 5 else { return false }
            port = port &* 10 &+ Int(digit)
            at &+= 1
        }
        // `host:` is within the grammar, and means the scheme's port.
        return port <= 65535 && (at > digits || !portRequired)
    }
}
