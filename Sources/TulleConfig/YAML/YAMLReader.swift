import CYaml

/// Reads YAML and JSON files into trees that remember where each value stood.
///
/// JSON needs no reader of its own: YAML 1.2 holds all of it, but for surrogate pairs in escapes, which libyaml
/// refuses and `joiningSurrogates` puts together first.
public struct YAMLReader {
    /// Reads every document of a file.
    ///
    /// - Parameters:
    ///   - bytes: the file's content, UTF-8.
    ///   - file: the name that errors give.
    /// - Returns: the root of each document, in order; an empty document is a null scalar.
    /// - Throws: the first error of encoding or syntax, a repeated key, an unknown alias or a limit that is passed.
    public static func read(
        _ bytes: [UInt8], file: String, limits: YAMLLimits = YAMLLimits()
    ) throws(ConfigurationError) -> [YAMLNode] {
        guard bytes.count <= limits.maxBytes else {
            throw ConfigurationError(
                file: file, message: "the file holds \(bytes.count) bytes, over the limit of \(limits.maxBytes)")
        }
        var parser = YAMLEventParser(bytes: joiningSurrogates(bytes), file: file, limits: limits)
        return try parser.documents()
    }

    /// Reads every document of a text; otherwise as with bytes.
    public static func read(
        _ text: String, file: String, limits: YAMLLimits = YAMLLimits()
    ) throws(ConfigurationError) -> [YAMLNode] {
        try read(Array(text.utf8), file: file, limits: limits)
    }

    /// Turns `\ud83d\ude00` into `\U0001f600` where the content is JSON. Columns behind one on its line are two less.
    private static func joiningSurrogates(_ bytes: [UInt8]) -> [UInt8] {
        guard let first = bytes.first(where: { $0 > 0x20 }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "\"")
        else { return bytes }
        var result: [UInt8] = []
        var copied = 0
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            if let high = escape(bytes, at: index), 0xD800..<0xDC00 ~= high,
                let low = escape(bytes, at: index + 6), 0xDC00..<0xE000 ~= low
            {
                let scalar = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
                let digits = String(scalar, radix: 16)
                result += bytes[copied..<index]
                result += Array("\\U\(String(repeating: "0", count: 8 - digits.count))\(digits)".utf8)
                index += 12
                copied = index
            } else {
                index += 2
            }
        }
        return copied == 0 ? bytes : result + bytes[copied...]
    }

    /// The code unit of a `\uXXXX` that starts here.
    private static func escape(_ bytes: [UInt8], at index: Int) -> UInt32? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        return UInt32(String(decoding: bytes[(index + 2)..<(index + 6)], as: UTF8.self), radix: 16)
    }
}

/// libyaml's events, put together into nodes.
private struct YAMLEventParser {
    let bytes: [UInt8]
    let file: String
    let limits: YAMLLimits
    /// What is known of the current document's anchors.
    var anchors: [String: Anchor] = [:]
    var nodes = 0

    struct Anchor {
        var node: YAMLNode
        var nodes: Int
        var depth: Int
    }

    init(bytes: [UInt8], file: String, limits: YAMLLimits) {
        self.bytes = bytes
        self.file = file
        self.limits = limits
    }

    mutating func documents() throws(ConfigurationError) -> [YAMLNode] {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else {
            throw ConfigurationError(file: file, message: "no memory for a YAML parser")
        }
        defer { yaml_parser_delete(&parser) }
        // libyaml keeps the pointer, so it reads from a copy that lives as long as the parser does.
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
        defer { copy.deallocate() }
        copy.initialize(from: bytes, count: bytes.count)
        yaml_parser_set_input_string(&parser, copy, bytes.count)
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)

        var documents: [YAMLNode] = []
        while true {
            var event = try next(&parser)
            defer { yaml_event_delete(&event) }
            switch event.type {
            case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return documents
            case YAML_DOCUMENT_START_EVENT:
                anchors = [:]
                var root = try next(&parser)
                documents.append(try node(&root, of: &parser, depth: 0).node)
            default: break
            }
        }
    }

    private func next(_ parser: inout yaml_parser_t) throws(ConfigurationError) -> yaml_event_t {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else { throw failure(of: parser) }
        return event
    }

    /// Builds the node that an event starts, and frees the event.
    private mutating func node(
        _ event: inout yaml_event_t, of parser: inout yaml_parser_t, depth: Int
    ) throws(ConfigurationError) -> (node: YAMLNode, nodes: Int, depth: Int) {
        defer { yaml_event_delete(&event) }
        let mark = Self.mark(event.start_mark)
        guard depth <= limits.maxDepth else {
            throw fault(mark, "mappings and lists stand more than \(limits.maxDepth) deep in each other")
        }
        nodes += 1
        let before = nodes - 1
        var below = 0
        let content: YAMLNode.Content
        let anchor: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_ALIAS_EVENT:
            let name = Self.text(event.data.alias.anchor)
            guard let known = anchors[name] else {
                throw fault(mark, "alias \(ConfigurationError.quoted(name)) has no anchor before it in this document")
            }
            nodes += known.nodes
            guard nodes <= limits.maxNodes else { throw tooMany(mark) }
            guard depth + known.depth <= limits.maxDepth else {
                throw fault(mark, "mappings and lists stand more than \(limits.maxDepth) deep in each other")
            }
            return (known.node, known.nodes, known.depth)
        case YAML_SCALAR_EVENT:
            anchor = event.data.scalar.anchor
            content = .scalar(try scalar(event.data.scalar, mark))
        case YAML_SEQUENCE_START_EVENT:
            anchor = event.data.sequence_start.anchor
            try checkTag(event.data.sequence_start.tag, is: "seq", mark)
            var items: [YAMLNode] = []
            while true {
                var event = try next(&parser)
                if event.type == YAML_SEQUENCE_END_EVENT {
                    yaml_event_delete(&event)
                    break
                }
                let item = try node(&event, of: &parser, depth: depth + 1)
                below = max(below, item.depth + 1)
                items.append(item.node)
            }
            content = .sequence(items)
        case YAML_MAPPING_START_EVENT:
            anchor = event.data.mapping_start.anchor
            try checkTag(event.data.mapping_start.tag, is: "map", mark)
            var entries: [YAMLEntry] = []
            var lines: [String: Int] = [:]
            while true {
                var event = try next(&parser)
                if event.type == YAML_MAPPING_END_EVENT {
                    yaml_event_delete(&event)
                    break
                }
                let keyMark = Self.mark(event.start_mark)
                let key = try node(&event, of: &parser, depth: depth + 1).node
                guard let name = key.scalar?.text else {
                    throw fault(keyMark, "a key is \(key.kindForPeople), not a name")
                }
                if let line = lines.updateValue(keyMark.line, forKey: name) {
                    throw fault(
                        keyMark, "key \(ConfigurationError.quoted(name)) is given twice, first in line \(line)")
                }
                var valueEvent = try next(&parser)
                let value = try node(&valueEvent, of: &parser, depth: depth + 1)
                below = max(below, value.depth + 1)
                entries.append(YAMLEntry(key: key, value: value.node))
            }
            content = .mapping(entries)
        default:
            throw fault(mark, "unexpected YAML event \(event.type.rawValue)")
        }
        guard nodes <= limits.maxNodes else { throw tooMany(mark) }
        let node = YAMLNode(content, mark: mark)
        if let anchor {
            anchors[Self.text(anchor)] = Anchor(node: node, nodes: nodes - before, depth: below)
        }
        return (node, nodes - before, below)
    }

    private func scalar(
        _ data: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar, _ mark: YAMLMark
    ) throws(ConfigurationError) -> YAMLScalar {
        let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
        let style: YAMLScalar.Style = data.style == YAML_PLAIN_SCALAR_STYLE ? .plain : .quoted
        guard let tag = data.tag.map(Self.text) else { return YAMLScalar(text, style: style) }
        switch tag {
        case "!", "tag:yaml.org,2002:str": return YAMLScalar(text, style: .quoted)
        case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null":
            return YAMLScalar(text, style: .plain)
        default: throw fault(mark, "tag \(ConfigurationError.quoted(tag)) is not supported; leave it out")
        }
    }

    private func checkTag(
        _ pointer: UnsafeMutablePointer<yaml_char_t>?, is kind: String, _ mark: YAMLMark
    ) throws(ConfigurationError) {
        guard let pointer else { return }
        let tag = Self.text(pointer)
        guard tag == "!" || tag == "tag:yaml.org,2002:\(kind)" else {
            throw fault(mark, "tag \(ConfigurationError.quoted(tag)) is not supported; leave it out")
        }
    }

    private func fault(_ mark: YAMLMark, _ message: String) -> ConfigurationError {
        ConfigurationError(file: file, mark: mark, message: message)
    }

    private func tooMany(_ mark: YAMLMark) -> ConfigurationError {
        fault(mark, "more than \(limits.maxNodes) values with aliases expanded")
    }

    /// What libyaml has against the file.
    private func failure(of parser: yaml_parser_t) -> ConfigurationError {
        let problem = parser.problem.map { String(cString: $0) } ?? "not readable"
        switch parser.error {
        case YAML_READER_ERROR:
            let mark = Self.mark(ofByte: parser.problem_offset, in: bytes)
            guard parser.problem_value >= 0 else { return fault(mark, problem) }
            let value = String(parser.problem_value, radix: 16)
            return fault(mark, "\(problem): #x\(value)")
        case YAML_MEMORY_ERROR:
            return ConfigurationError(file: file, message: "no memory to read it")
        default:
            let mark = Self.mark(parser.problem_mark)
            if parser.error == YAML_SCANNER_ERROR, isTab(character: parser.problem_mark.index) {
                return fault(mark, "a tab does not indent in YAML; use spaces")
            }
            var message = problem
            if let context = parser.context.map({ String(cString: $0) }) {
                message += ", \(context)"
                let start = Self.mark(parser.context_mark)
                if start.line != mark.line { message += " that starts in line \(start.line)" }
            }
            return fault(mark, message)
        }
    }

    /// Whether the character of this index, in characters, is a tab.
    private func isTab(character index: Int) -> Bool {
        var seen = -1
        for byte in bytes where byte & 0xC0 != 0x80 {
            seen += 1
            if seen == index { return byte == UInt8(ascii: "\t") }
        }
        return false
    }

    private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
        YAMLMark(line: mark.line + 1, column: mark.column + 1)
    }

    /// The place of a byte that libyaml could not read as a character.
    private static func mark(ofByte offset: Int, in bytes: [UInt8]) -> YAMLMark {
        var mark = YAMLMark(line: 1, column: 1)
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                mark = YAMLMark(line: mark.line + 1, column: 1)
            } else if byte & 0xC0 != 0x80 {
                mark.column += 1
            }
        }
        return mark
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String {
        pointer.map { String(cString: $0) } ?? ""
    }
}
