/// What a subscriber says on an aggregated discovery stream, in either flavour, without the wire's clutter.
public struct DiscoveryRequest: Hashable, Sendable {
    public enum Body: Hashable, Sendable {
        /// All names subscribed to, and the last version accepted.
        case stateOfTheWorld(names: [String], version: String)
        /// What is new since the last request; initial versions in the first request of a stream only.
        case delta(subscribe: [String], unsubscribe: [String], initialVersions: [String: String])
    }

    public var type: TypeURL
    public var body: Body

    /// Whether the subscriber says that it holds resources already, as the first request after a broken stream does.
    package var namesWhatIsHeld: Bool {
        switch body {
        case .stateOfTheWorld(_, let version): !version.isEmpty
        case .delta(_, _, let initialVersions): !initialVersions.isEmpty
        }
    }
    /// The response that this answers; empty for a request of the subscriber's own accord.
    public var nonce: String
    /// Why the response was refused; nil when it was accepted.
    public var error: String?

    public init(type: TypeURL, body: Body, nonce: String = "", error: String? = nil) {
        self.type = type
        self.body = body
        self.nonce = nonce
        self.error = error
    }
}

/// What a server says on an aggregated discovery stream, in either flavour.
public struct DiscoveryResponse: Hashable, Sendable {
    public var type: TypeURL
    public var resources: [NamedResource]
    /// Names that are gone or do not exist; delta only.
    public var removed: [String]
    /// The version of the whole (`version_info`, `system_version_info`).
    public var version: String
    public var nonce: String

    public init(
        type: TypeURL, resources: [NamedResource], removed: [String] = [], version: String = "", nonce: String
    ) {
        self.type = type
        self.resources = resources
        self.removed = removed
        self.version = version
        self.nonce = nonce
    }
}

/// Which resources of one type are wanted.
public struct Subscription: Hashable, Sendable {
    /// All that the server thinks this node should have.
    public var wildcard: Bool
    /// Names asked for one by one, besides.
    public var names: Set<String>

    public init(wildcard: Bool = false, names: Set<String> = []) {
        self.wildcard = wildcard
        self.names = names
    }

    public var isEmpty: Bool { !wildcard && names.isEmpty }
}
