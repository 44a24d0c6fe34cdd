import SwiftProtobuf
import TulleConfig
import TulleModel

/// Header names, mutations and matchers.
extension Translation {
    /// RFC 9110, section 5.6.2: what a field name is made of.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// NUL, CR and LF would end the field where a peer reads it.
    static func isHeaderValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 != 0 && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    }

    func headerName(_ field: String, _ name: String, pseudo: Bool = false) -> Bool {
        guard required(field, name) else { return false }
        let text = pseudo && name.hasPrefix(":") ? String(name.dropFirst()) : name
        guard Self.isToken(text) else {
            fail(field, "\(ConfigurationError.quoted(name)) is not a header name")
            return false
        }
        return true
    }

    func headerValue(_ field: String, _ value: String) -> Bool {
        guard Self.isHeaderValue(value) else {
            fail(field, "holds a NUL or a line break")
            return false
        }
        return true
    }

    func mutations(
        requestAdd: [Envoy_Config_Core_V3_HeaderValueOption], requestRemove: [String],
        responseAdd: [Envoy_Config_Core_V3_HeaderValueOption], responseRemove: [String]
    ) -> HeaderMutations {
        guard !(requestAdd.isEmpty && requestRemove.isEmpty && responseAdd.isEmpty && responseRemove.isEmpty) else {
            return HeaderMutations()
        }
        return HeaderMutations(
            requestAdd: each("request_headers_to_add", requestAdd, addition),
            requestRemove: each("request_headers_to_remove", requestRemove, removal),
            responseAdd: each("response_headers_to_add", responseAdd, addition),
            responseRemove: each("response_headers_to_remove", responseRemove, removal))
    }

    private func removal(_ name: String) -> String? {
        guard !name.isEmpty else {
            fail("is empty; a header's name belongs here")
            return nil
        }
        guard mayBeChanged(name) else {
            fail("\(ConfigurationError.quoted(name)) may not be removed: requests are routed by it")
            return nil
        }
        guard Self.isToken(name) else {
            fail("\(ConfigurationError.quoted(name)) is not a header name")
            return nil
        }
        return name
    }

    private func addition(_ message: Envoy_Config_Core_V3_HeaderValueOption) -> HeaderAddition? {
        guard message.hasHeader else {
            fail("header is required")
            return nil
        }
        let name = message.header.key
        let good = within("header") {
            guard required("key", name) else { return false }
            guard mayBeChanged(name) else {
                fail(
                    "key",
                    "\(ConfigurationError.quoted(name)) may not be changed; use host_rewrite_literal and the like")
                return false
            }
            return headerName("key", name) && headerValue("value", message.header.value)
        }
        var action = HeaderAddition.Action(message.appendAction)
        if action == nil { fail("append_action", "unknown value \(message.appendAction.rawValue)") }
        if message.hasAppend {
            if message.appendAction != .appendIfExistsOrAdd {
                fail("append", "append and append_action exclude each other; leave append out")
            }
            action = message.append.value ? .appendIfExistsOrAdd : .overwriteIfExistsOrAdd
        }
        guard good, let action else { return nil }
        return HeaderAddition(
            name: name, value: message.header.value, action: action, keepEmptyValue: message.keepEmptyValue)
    }

    /// Envoy refuses to add or remove pseudo headers and the host, because routes hang on them.
    private func mayBeChanged(_ name: String) -> Bool { !name.hasPrefix(":") && name.lowercased() != "host" }

    // MARK: - Matchers

    func stringMatcher(_ field: String, _ message: Envoy_Type_Matcher_V3_StringMatcher) -> StringMatcher? {
        within(field) {
            switch message.matchPattern {
            case nil:
                fail("one of exact, prefix, suffix, contains and safe_regex is required")
                return nil
            case .exact(let text): return StringMatcher(.exact(text), ignoreCase: message.ignoreCase)
            case .prefix(let text):
                return required("prefix", text) ? StringMatcher(.prefix(text), ignoreCase: message.ignoreCase) : nil
            case .suffix(let text):
                return required("suffix", text) ? StringMatcher(.suffix(text), ignoreCase: message.ignoreCase) : nil
            case .contains(let text):
                return required("contains", text) ? StringMatcher(.contains(text), ignoreCase: message.ignoreCase) : nil
            case .safeRegex(let regex):
                // Envoy: ignore_case has no effect on an expression.
                return self.regex("safe_regex", regex).map { StringMatcher(.regex($0)) }
            }
        }
    }

    func headerMatcher(_ message: Envoy_Config_Route_V3_HeaderMatcher) -> HeaderMatcher? {
        guard headerName("name", message.name, pseudo: true) else { return nil }
        let test: HeaderMatcher.Test?
        switch message.headerMatchSpecifier {
        case nil: test = .present(true)
        case .presentMatch(let present): test = .present(present)
        case .exactMatch(let text): test = .string(StringMatcher(.exact(text)))
        case .prefixMatch(let text):
            test = required("prefix_match", text) ? .string(StringMatcher(.prefix(text))) : nil
        case .suffixMatch(let text):
            test = required("suffix_match", text) ? .string(StringMatcher(.suffix(text))) : nil
        case .containsMatch(let text):
            test = required("contains_match", text) ? .string(StringMatcher(.contains(text))) : nil
        case .safeRegexMatch(let regex):
            test = self.regex("safe_regex_match", regex).map { .string(StringMatcher(.regex($0))) }
        case .rangeMatch(let range): test = .range(range.start, range.end)
        case .stringMatch(let matcher): test = stringMatcher("string_match", matcher).map { .string($0) }
        }
        return test.map {
            HeaderMatcher(
                name: message.name, test: $0, invert: message.invertMatch,
                treatMissingAsEmpty: message.treatMissingHeaderAsEmpty)
        }
    }

    func queryParameter(_ message: Envoy_Config_Route_V3_QueryParameterMatcher) -> QueryParameterMatcher? {
        guard required("name", message.name) else { return nil }
        switch message.queryParameterMatchSpecifier {
        case nil: return QueryParameterMatcher(name: message.name, test: .present(true))
        case .presentMatch(let present): return QueryParameterMatcher(name: message.name, test: .present(present))
        case .stringMatch(let matcher):
            return stringMatcher("string_match", matcher).map {
                QueryParameterMatcher(name: message.name, test: .string($0))
            }
        }
    }
}

extension HeaderAddition.Action {
    fileprivate init?(_ action: Envoy_Config_Core_V3_HeaderValueOption.HeaderAppendAction) {
        switch action {
        case .appendIfExistsOrAdd: self = .appendIfExistsOrAdd
        case .addIfAbsent: self = .addIfAbsent
        case .overwriteIfExistsOrAdd: self = .overwriteIfExistsOrAdd
        case .overwriteIfExists: self = .overwriteIfExists
        case .UNRECOGNIZED: return nil
        }
    }
}
