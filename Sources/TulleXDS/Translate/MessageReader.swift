import SwiftProtobuf
import TulleConfig

/// Reads a configuration tree as a protobuf message by the field tables, strictly: what is unknown, of the wrong type,
/// out of range or given twice is reported with file, line and path, all of it at once.
///
/// A file reads as protobuf's JSON mapping says: either spelling of a field, numbers also as strings, enumerations by
/// name or number, null for what is not set.
struct MessageReader {
    /// More errors than these help nobody, and a hostile file could make millions.
    static let maxErrors = 50

    /// Whether unknown fields are warned of instead of refused (`--allow-unknown-static-fields`).
    let allowsUnknownFields: Bool
    private(set) var places = PlaceIndex()
    private(set) var errors: [ConfigurationError] = []
    private(set) var warnings: [ConfigurationError] = []
    var file = ""

    init(allowsUnknownFields: Bool) { self.allowsUnknownFields = allowsUnknownFields }

    /// The message in wire format, without what was wrong. Bytes of several files may be put behind each other, which
    /// merges them.
    mutating func read(_ node: YAMLNode, as type: any Message.Type, file: String) -> [UInt8] {
        self.file = file
        places.record("", file: file, mark: node.mark)
        var writer = WireWriter()
        guard let shape = MessageShape.named(type.protoMessageName) else {
            preconditionFailure("\(type.protoMessageName) has a table, since it was generated with it")
        }
        message(node, shape, "", &writer)
        return writer.bytes
    }

    mutating func fail(_ node: YAMLNode, _ path: String, _ message: String, suggestion: String? = nil) {
        guard errors.count < Self.maxErrors else { return }
        errors.append(
            ConfigurationError(file: file, mark: node.mark, path: path, message: message, suggestion: suggestion))
    }

    mutating func warn(_ node: YAMLNode, _ path: String, _ message: String) {
        guard warnings.count < Self.maxErrors else { return }
        warnings.append(ConfigurationError(file: file, mark: node.mark, path: path, message: message))
    }

    // MARK: - Messages

    /// Writes the fields of a mapping, but for the key `skipped`.
    private mutating func message(
        _ node: YAMLNode, _ shape: MessageShape, _ path: String, _ writer: inout WireWriter,
        without skipped: String = ""
    ) {
        guard let entries = node.mapping else {
            return fail(node, path, "expected a mapping of \(shape.name), found \(node.kindForPeople)")
        }
        var given: [Int: String] = [:]
        var oneofs: [String: String] = [:]
        for entry in entries where entry.name != skipped || skipped.isEmpty {
            guard let field = shape.field(entry.name) else {
                unknown(entry, shape, path)
                continue
            }
            let fieldPath = PlaceIndex.join(path, field.name)
            if let other = given.updateValue(entry.name, forKey: field.number) {
                fail(entry.key, fieldPath, "given twice, as \(other) and as \(entry.name)")
                continue
            }
            if entry.value.isNull { continue }
            if let oneof = field.oneof, let other = oneofs.updateValue(field.name, forKey: oneof) {
                fail(entry.key, fieldPath, "\(field.name) and \(other) exclude each other; leave one out")
                continue
            }
            places.record(fieldPath, file: file, mark: entry.key.mark)
            write(field, entry.value, in: shape, of: entries, fieldPath, &writer)
        }
    }

    private mutating func unknown(_ entry: YAMLEntry, _ shape: MessageShape, _ path: String) {
        let path = PlaceIndex.join(path, entry.name)
        let message = "unknown field of \(shape.name)"
        if allowsUnknownFields { return warn(entry.key, path, message) }
        let nearest = NearestKey.suggest(for: entry.name, among: shape.fields.map(\.name))
        fail(entry.key, path, message, suggestion: nearest)
    }

    private mutating func write(
        _ field: FieldShape, _ node: YAMLNode, in shape: MessageShape, of entries: [YAMLEntry], _ path: String,
        _ writer: inout WireWriter
    ) {
        if case .map(let element) = field.kind {
            guard let entries = node.mapping else {
                return fail(node, path, "expected a mapping, found \(node.kindForPeople)")
            }
            for entry in entries {
                let path = PlaceIndex.join(path, entry.name)
                places.record(path, file: file, mark: entry.key.mark)
                var pair = WireWriter()
                pair.delimited(1, entry.name.utf8)
                value(element, 2, entry.value, in: shape, of: entries, path, &pair)
                writer.delimited(field.number, pair.bytes)
            }
        } else if field.repeated {
            guard let items = node.sequence else {
                return fail(node, path, "expected a list, found \(node.kindForPeople)")
            }
            for item in items {
                let path = "\(path)[\(places.nextIndex(in: path))]"
                places.record(path, file: file, mark: item.mark)
                value(field.kind, field.number, item, in: shape, of: entries, path, &writer)
            }
        } else {
            value(field.kind, field.number, node, in: shape, of: entries, path, &writer)
        }
    }

    /// Writes one value. `entries` are those around it: whether an unknown type is refused depends on them.
    private mutating func value(
        _ kind: FieldShape.Kind, _ number: Int, _ node: YAMLNode, in shape: MessageShape, of entries: [YAMLEntry],
        _ path: String, _ writer: inout WireWriter
    ) {
        guard case .message(let name) = kind else { return scalar(kind, number, node, path, &writer) }
        var inner = WireWriter()
        if name == Google_Protobuf_Any.protoMessageName {
            let optional = entries.contains {
                ($0.name == "is_optional" || $0.name == "isOptional") && $0.value.scalar?.bool == true
            }
            any(node, in: shape, tolerant: optional, path, &inner)
        } else if !wellKnown(name, node, path, &inner), let shape = MessageShape.named(name) {
            message(node, shape, path, &inner)
        }
        writer.delimited(number, inner.bytes)
    }

    private mutating func any(
        _ node: YAMLNode, in shape: MessageShape, tolerant: Bool, _ path: String, _ writer: inout WireWriter
    ) {
        guard node.mapping != nil else {
            return fail(node, path, "expected a mapping with an \"@type\", found \(node.kindForPeople)")
        }
        guard let point = ExtensionPoint.inside(shape.name) else { return }
        guard let url = node["@type"] else {
            let known = point.names.map { "type.googleapis.com/\($0)" }.joined(separator: ", ")
            return fail(node, path, "\"@type\" is missing; Tulle has \(known)")
        }
        guard let text = url.scalar?.text, url.scalar?.kind == .string else {
            return fail(url, PlaceIndex.join(path, "@type"), "expected a type URL, found \(url.kindForPeople)")
        }
        let name = ExtensionPoint.typeName(text)
        writer.delimited(1, text.utf8)
        guard point.knows(name), let inner = MessageShape.named(name) else {
            // The first balancing policy that is known is taken, so that others may stand there.
            guard !tolerant, point.what != ExtensionPoint.balancingPolicy.what else {
                return warn(url, path, "\(point.refusal(of: name)); left out")
            }
            return fail(url, path, point.refusal(of: name), suggestion: point.nearest(to: name))
        }
        var content = WireWriter()
        message(node, inner, path, &content, without: "@type")
        writer.delimited(2, content.bytes)
    }
}
