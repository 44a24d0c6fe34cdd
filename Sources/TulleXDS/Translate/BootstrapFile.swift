import SwiftProtobuf
public import TulleConfig
public import TulleModel

/// Reads what a proxy starts from: an Envoy v3 bootstrap in YAML or JSON.
public enum BootstrapFile {
    /// A text to read, and the name that errors call it.
    public struct Source: Sendable {
        public var name: String
        public var text: String

        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }

    /// What the command line says about reading.
    public struct Options: Sendable {
        /// `--allow-unknown-static-fields`: unknown fields are warned of, not refused.
        public var allowsUnknownFields = false
        /// `--service-node` and `--service-cluster` win over the file's node.
        public var serviceNode: String?
        public var serviceCluster: String?
        /// Secrets that the proxy gets for itself, so that neither the file nor a control plane holds them.
        public var ownSecrets: Set<String> = []

        public init() {}
    }

    /// A bootstrap that is good.
    public struct Loaded: Sendable {
        public var bootstrap: Bootstrap
        /// As it was read, for `/config_dump`.
        public var message: Envoy_Config_Bootstrap_V3_Bootstrap
        /// What has no effect.
        public var warnings: [ConfigurationError]
    }

    /// Reads one file.
    /// - Throws: all that is wrong with it, with places.
    public static func load(
        yaml: String, file: String, options: Options = Options()
    ) throws(ConfigurationErrors) -> Loaded {
        try load([Source(name: file, text: yaml)], options: options)
    }

    /// Reads several texts, each merged over those before it as protobuf merges: single values are replaced, messages are
    /// merged, lists are appended. Envoy does this to `-c FILE` with `--config-yaml TEXT`.
    /// - Throws: all that is wrong with them, with places.
    public static func load(
        _ sources: [Source], options: Options = Options()
    ) throws(ConfigurationErrors) -> Loaded {
        var reader = MessageReader(allowsUnknownFields: options.allowsUnknownFields)
        var bytes: [UInt8] = []
        for source in sources {
            let node: YAMLNode
            do throws(ConfigurationError) {
                let documents = try YAMLReader.read(source.text, file: source.name)
                guard documents.count == 1, let only = documents.first else {
                    throw ConfigurationError(
                        file: source.name, mark: documents.dropFirst().first?.mark,
                        message: "expected one document, a bootstrap, found \(documents.count)")
                }
                node = only
            } catch {
                throw ConfigurationErrors(error)
            }
            bytes += reader.read(node, as: Envoy_Config_Bootstrap_V3_Bootstrap.self, file: source.name)
        }
        let name = sources.last?.name ?? ""
        guard var message = try? Envoy_Config_Bootstrap_V3_Bootstrap(serializedBytes: bytes) else {
            throw ConfigurationErrors(
                reader.errors.isEmpty ? [ConfigurationError(file: name, message: "nothing to read")] : reader.errors)
        }
        if let node = options.serviceNode, !node.isEmpty { message.node.id = node }
        if let cluster = options.serviceCluster, !cluster.isEmpty { message.node.cluster = cluster }

        let translation = Translation(origin: .file)
        let bootstrap = translation.bootstrap(message)
        if reader.errors.isEmpty, translation.problems.isEmpty {
            translation.relations(message, bootstrap, ownSecrets: options.ownSecrets)
        }
        let read = reader.errors
        // What could not be read is missing from the message: that it is missing there need not be told as well.
        let problems = translation.problems.filter { problem in
            !read.contains { $0.path.hasPrefix(problem.path) || problem.path.hasPrefix($0.path) }
        }
        func located(_ problem: TranslationProblem) -> ConfigurationError {
            let place = reader.places.place(of: problem.path)
            return ConfigurationError(
                file: place?.file ?? name, mark: place?.mark, path: problem.path, message: problem.message,
                suggestion: problem.suggestion)
        }
        let errors = read + problems.map(located)
        guard errors.isEmpty else { throw ConfigurationErrors(inOrder(errors, of: sources)) }
        return Loaded(
            bootstrap: bootstrap, message: message,
            warnings: inOrder(reader.warnings + translation.warnings.map(located), of: sources))
    }

    /// By file, line and column, up to the number that helps.
    private static func inOrder(_ errors: [ConfigurationError], of sources: [Source]) -> [ConfigurationError] {
        let first = YAMLMark(line: 0, column: 0)
        func rank(_ error: ConfigurationError) -> Int { sources.firstIndex { $0.name == error.file } ?? sources.count }
        let ordered = errors.enumerated().sorted { left, right in
            let (one, two) = (rank(left.element), rank(right.element))
            if one != two { return one < two }
            let (from, to) = (left.element.mark ?? first, right.element.mark ?? first)
            return from == to ? left.offset < right.offset : from < to
        }
        return ordered.prefix(MessageReader.maxErrors).map(\.element)
    }
}
