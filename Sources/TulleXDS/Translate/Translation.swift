import SwiftProtobuf
import TulleConfig

/// Turns messages into the proxy's values by Envoy's rules, and collects what breaks them, each with its path.
///
/// A class, since one translation is walked through by many functions that all report to it. It never leaves the
/// function that made it.
final class Translation {
    /// Where the messages come from, which decides what a field without effect means: an author's mistake in a file, a
    /// control plane that serves many kinds of proxies otherwise.
    enum Origin { case file, dynamic }

    private enum Step {
        case field(String)
        case index(Int)
        case key(String)
    }

    /// More help nobody, and a hostile resource could make millions.
    static let maxProblems = 50

    let origin: Origin
    private var steps: [Step] = []
    private(set) var problems: [TranslationProblem] = []
    private(set) var warnings: [TranslationProblem] = []

    init(origin: Origin) { self.origin = origin }

    // MARK: - The way

    var path: String {
        steps.reduce(into: "") { path, step in
            switch step {
            case .field(let name), .key(let name): path = PlaceIndex.join(path, name)
            case .index(let index): path += "[\(index)]"
            }
        }
    }

    /// Runs `body` with the way one field longer.
    func within<Result>(_ field: String, _ body: () -> Result) -> Result {
        steps.append(.field(field))
        defer { steps.removeLast() }
        return body()
    }

    func within<Result>(_ field: String, index: Int, _ body: () -> Result) -> Result {
        within(field) {
            steps.append(.index(index))
            defer { steps.removeLast() }
            return body()
        }
    }

    func within<Result>(_ field: String, key: String, _ body: () -> Result) -> Result {
        within(field) {
            steps.append(.key(key))
            defer { steps.removeLast() }
            return body()
        }
    }

    /// Translates a list; elements that are wrong are left out.
    func each<Element, Result>(_ field: String, _ elements: [Element], _ body: (Element) -> Result?) -> [Result] {
        within(field) {
            var results: [Result] = []
            results.reserveCapacity(elements.count)
            for (index, element) in elements.enumerated() {
                steps.append(.index(index))
                if let result = body(element) { results.append(result) }
                steps.removeLast()
            }
            return results
        }
    }

    // MARK: - What is wrong

    func fail(_ message: String, suggestion: String? = nil) {
        guard problems.count < Self.maxProblems else { return }
        problems.append(TranslationProblem(path: path, message: message, suggestion: suggestion))
    }

    func fail(_ field: String, _ message: String, suggestion: String? = nil) {
        within(field) { fail(message, suggestion: suggestion) }
    }

    func warn(_ message: String) {
        guard warnings.count < Self.maxProblems else { return }
        warnings.append(TranslationProblem(path: path, message: message, suggestion: nil))
    }

    func warn(_ field: String, _ message: String) {
        within(field) { warn(message) }
    }

    /// Says that a field that is given has no effect here.
    func unhonoured(_ field: String, _ message: String) {
        switch origin {
        case .file: fail(field, message)
        case .dynamic: warn(field, message)
        }
    }

    // MARK: - Extensions

    /// Decodes what an Any holds, if the type is known at this point; reports it otherwise.
    func unpack(_ any: Google_Protobuf_Any, at point: ExtensionPoint) -> (any Message)? {
        let name = ExtensionPoint.typeName(any.typeURL)
        guard let type = point.types.first(where: { $0.protoMessageName == name }) else {
            fail(any.typeURL.isEmpty ? "\"@type\" is missing" : point.refusal(of: name))
            return nil
        }
        guard let message = try? type.init(serializedBytes: any.value) else {
            fail("the bytes are not a \(name)")
            return nil
        }
        return message
    }
}

/// Something that is wrong with a message: the way to it and what would be right.
public struct TranslationProblem: Hashable, Sendable, CustomStringConvertible {
    /// Such as `filter_chains[0].filters[0].typed_config`; empty for the message itself.
    public var path: String
    public var message: String
    /// The nearest right word.
    public var suggestion: String?

    public var description: String {
        let text = path.isEmpty ? message : "\(path): \(message)"
        return suggestion.map { "\(text), did you mean \"\($0)\"?" } ?? text
    }
}
