public import FoundationEssentials
import SwiftProtobuf
import TulleConfig
public import TulleModel

/// Turns the resources that a control plane sends into the proxy's values.
public struct ResourceTranslator: Sendable {
    /// A resource that is good.
    public struct Translated: Sendable {
        public var update: ResourceUpdate
        /// What has no effect, each with its path.
        public var warnings: [String]
        /// How many fields Tulle does not have.
        public var unknownFields: Int
    }

    /// `--reject-unknown-dynamic-fields`: an unknown field refuses its resource instead of being counted.
    public var rejectsUnknownFields: Bool

    public init(rejectsUnknownFields: Bool = false) { self.rejectsUnknownFields = rejectsUnknownFields }

    /// Decodes and checks a resource.
    /// - Parameters:
    ///   - type: the type URL of the response.
    ///   - name: the resource's name where the response tells it (delta). A virtual host has no other: its name on the wire is
    ///     `ROUTE-CONFIGURATION/HOST`. Nil takes the message's own.
    ///   - body: the serialized message.
    public func translate(type: TypeURL, name: String? = nil, body: Data) -> Result<Translated, ResourceError> {
        let translation = Translation(origin: .dynamic)
        guard let update = update(type, name, body, translation), translation.problems.isEmpty else {
            let problems = translation.problems
            return .failure(
                ResourceError(problems: problems.isEmpty ? [Self.problem("the bytes are not a \(type)")] : problems))
        }
        guard let message = Self.messageType(type) else { return .failure(Self.unknown(type)) }
        let unknown = UnknownFields(in: Array(body), of: message)
        if rejectsUnknownFields, unknown.count > 0 {
            return .failure(ResourceError(problems: unknown.paths.map { Self.problem("unknown field", at: $0) }))
        }
        guard unknown.decisive.isEmpty else {
            let problems = unknown.decisive.map {
                Self.problem("is not honoured, and without it others would be let in than it names", at: $0)
            }
            return .failure(ResourceError(problems: problems))
        }
        var warnings = translation.warnings.map(\.description)
        warnings += unknown.paths.map { "\($0): unknown, has no effect" }
        if unknown.count > unknown.paths.count {
            warnings.append("and \(unknown.count - unknown.paths.count) more unknown fields")
        }
        return .success(Translated(update: update, warnings: warnings, unknownFields: unknown.count))
    }

    /// What the proxy does when a resource is gone or does not exist; nil for a type that it does not take.
    public static func removal(type: TypeURL, name: String) -> ResourceUpdate? {
        switch type {
        case .listener: .listener(name: name, nil)
        case .cluster: .cluster(name: name, nil)
        case .routes: .routes(name: name, nil)
        case .virtualHost: .virtualHost(name: name, nil)
        case .endpoints: .endpoints(name: name, nil)
        case .secret: .secret(name: name, nil)
        default: nil
        }
    }

    private func update(_ type: TypeURL, _ name: String?, _ body: Data, _ translation: Translation) -> ResourceUpdate? {
        switch type {
        case .listener:
            guard let message = try? Envoy_Config_Listener_V3_Listener(serializedBytes: body) else { return nil }
            // A later update could not tell which listener it is for.
            guard name != nil || translation.required("name", message.name) else { return nil }
            guard var listener = translation.listener(message) else { return nil }
            listener.name = name ?? message.name
            return .listener(name: listener.name, listener)
        case .cluster:
            guard let message = try? Envoy_Config_Cluster_V3_Cluster(serializedBytes: body) else { return nil }
            return translation.cluster(message).map { .cluster(name: name ?? $0.name, $0) }
        case .routes:
            guard let message = try? Envoy_Config_Route_V3_RouteConfiguration(serializedBytes: body) else { return nil }
            guard name != nil || translation.required("name", message.name) else { return nil }
            return .routes(name: name ?? message.name, translation.routeConfiguration(message))
        case .virtualHost:
            guard let message = try? Envoy_Config_Route_V3_VirtualHost(serializedBytes: body) else { return nil }
            return .virtualHost(name: name ?? message.name, translation.virtualHost(message))
        case .endpoints:
            guard let message = try? Envoy_Config_Endpoint_V3_ClusterLoadAssignment(serializedBytes: body) else {
                return nil
            }
            return translation.loadAssignment(message, host: .name).map { .endpoints(name: name ?? $0.clusterName, $0) }
        case .secret:
            guard let message = try? Envoy_Extensions_TransportSockets_Tls_V3_Secret(serializedBytes: body) else {
                return nil
            }
            guard name != nil || translation.required("name", message.name) else { return nil }
            return translation.secret(message).map { .secret(name: name ?? message.name, $0) }
        default:
            translation.fail(Self.unknown(type).problems[0].message)
            return nil
        }
    }

    private static func messageType(_ type: TypeURL) -> (any Message.Type)? {
        ResourceJSON.resourceTypes.first { type.rawValue.hasSuffix("/\($0.protoMessageName)") }
    }

    private static func problem(_ message: String, at path: String = "") -> TranslationProblem {
        TranslationProblem(path: path, message: message, suggestion: nil)
    }

    private static func unknown(_ type: TypeURL) -> ResourceError {
        ResourceError(problems: [problem("resources of type \(ConfigurationError.quoted(type.rawValue)) are not taken")]
        )
    }
}

/// Why a resource was refused: all that is wrong with it.
public struct ResourceError: Error, Hashable, Sendable, CustomStringConvertible {
    public var problems: [TranslationProblem]

    /// On one line, as a NACK tells it.
    public var description: String { problems.map(\.description).joined(separator: "; ") }
}
