import TulleModel

/// What names may look like. Each check returns nil when the text is good, and else what is wrong with it.
enum NameRules {
    /// RFC 1123 label: up to 63 lower-case letters, digits and `-`.
    static func label(_ text: String) -> String? {
        guard !text.isEmpty, text.utf8.count <= 63, isLabel(text.utf8[...]) else {
            return "\(ConfigurationError.quoted(text)) is not a name: it takes 1 to 63 lower-case letters, digits and "
                + "\"-\", with a letter or digit at both ends"
        }
        return nil
    }

    /// RFC 1123 subdomain: labels joined by dots, up to 253 characters.
    static func subdomain(_ text: String) -> String? {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard !text.isEmpty, text.utf8.count <= 253, labels.allSatisfy({ isLabel($0) }) else {
            return "\(ConfigurationError.quoted(text)) is not a name: it takes 1 to 253 lower-case letters, digits, "
                + "\"-\" and \".\", with a letter or digit at both ends and around each dot"
        }
        return nil
    }

    /// A host name that is no IP address and has no wildcard.
    static func hostName(_ text: String) -> String? {
        if IPAddress.isIPv4(text) { return "\(ConfigurationError.quoted(text)) is an address, not a host name" }
        guard subdomain(text) == nil else { return "\(ConfigurationError.quoted(text)) is not a host name" }
        return nil
    }

    /// A port's name: a label of up to 63 characters; Kubernetes holds target ports' names to 15.
    static func portName(_ text: String) -> String? { label(text) }

    /// A key of a label or annotation: an optional domain and `/`, then up to 63 letters, digits, `-`, `_`, `.`.
    static func labelKey(_ text: String) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let name = parts.last ?? ""
        guard parts.count <= 2, parts.count == 1 || subdomain(String(parts[0])) == nil, isLabelValue(name.utf8),
            !name.isEmpty
        else {
            return "\(ConfigurationError.quoted(text)) is not a label's key: it takes up to 63 letters, digits, \"-\", "
                + "\"_\" and \".\", after an optional DNS name and \"/\""
        }
        return nil
    }

    /// A label's value: up to 63 letters, digits, `-`, `_`, `.`, or nothing.
    static func labelValue(_ text: String) -> String? {
        guard isLabelValue(text.utf8) else {
            return "\(ConfigurationError.quoted(text)) is not a label's value: it takes up to 63 letters, digits, "
                + "\"-\", \"_\" and \".\", with a letter or digit at both ends"
        }
        return nil
    }

    /// A field name of HTTP (RFC 9110, section 5.1), up to 256 characters.
    static func headerName(_ text: String) -> String? {
        guard isToken(text) else { return "\(ConfigurationError.quoted(text)) is not a header name" }
        return nil
    }

    /// A field value: no control characters, 1 to `max` bytes.
    static func headerValue(_ text: String, max: Int = 4096) -> String? {
        guard 1...max ~= text.utf8.count else {
            return "a value takes 1 to \(max) bytes, this one has \(text.utf8.count)"
        }
        guard text.utf8.allSatisfy({ $0 == 9 || ($0 >= 0x20 && $0 != 0x7F) }) else {
            return "\(ConfigurationError.quoted(text)) holds a control character"
        }
        return nil
    }

    /// A gRPC service's full name, by the rules of the GRPCRoute's definition: words joined by dots.
    static func grpcService(_ text: String) -> String? {
        let words = (text.hasPrefix(".") ? text.dropFirst() : text[...]).utf8.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 1024, words.allSatisfy(isWord) else {
            return
                "\(ConfigurationError.quoted(text)) is not a service's name: it takes words of letters, digits and \"_\" "
                + "joined by \".\", such as shop.v1.Cart"
        }
        return nil
    }

    /// A gRPC method's name.
    static func grpcMethod(_ text: String) -> String? {
        guard text.utf8.count <= 1024, isWord(text.utf8[...]) else {
            return
                "\(ConfigurationError.quoted(text)) is not a method's name: it takes letters, digits and \"_\", with no "
                + "digit first"
        }
        return nil
    }

    static func isToken(_ text: String) -> Bool {
        1...256 ~= text.utf8.count
            && text.utf8.allSatisfy { isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    /// An absolute path of an Exact or PathPrefix match, by the rules of the HTTPRoute's definition.
    static func path(_ text: String) -> String? {
        let shown = ConfigurationError.quoted(text)
        guard text.hasPrefix("/") else { return "\(shown) does not start with \"/\"" }
        guard text.utf8.count <= 1024 else { return "a path takes up to 1024 bytes, this one has \(text.utf8.count)" }
        for part in ["//", "/./", "/../", "%2f", "%2F", "#", "?"] where text.contains(part) {
            return "\(shown) contains \"\(part)\""
        }
        for end in ["/.", "/.."] where text.hasSuffix(end) { return "\(shown) ends with \"\(end)\"" }
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.prefix(2).allSatisfy(isHexDigit) else {
                    return "\(shown) has a \"%\" without two hexadecimal digits"
                }
            } else if !isAlphanumeric(byte), !"-/._~!$&'()*+,;=:@".utf8.contains(byte) {
                return "\(shown) holds a character that a path must have as %XX"
            }
        }
        return nil
    }

    private static func isLabel(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, let last = bytes.last, bytes.count <= 63 else { return false }
        return isLowerOrDigit(first) && isLowerOrDigit(last)
            && bytes.allSatisfy { isLowerOrDigit($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isLabelValue(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        guard let first = bytes.first, let last = bytes.last else { return true }
        return bytes.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    /// What programming languages call an identifier.
    private static func isWord(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else { return false }
        return bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowerOrDigit(byte) || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
            || UInt8(ascii: "A")...UInt8(ascii: "F") ~= byte
    }
}
