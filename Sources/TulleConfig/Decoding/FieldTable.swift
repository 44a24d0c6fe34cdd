/// The fields of one kind of mapping: what a decoder accepts, what its errors suggest and what the reference page prints,
/// all from one place.
public struct FieldTable: Sendable {
    /// A key that may stand in the mapping.
    public struct Field: Sendable {
        public enum Standing: Hashable, Sendable {
            case optional
            case required
            /// Accepted and not kept: what a Kubernetes API server adds to what it is given.
            case ignored
            /// Known to the standard and refused, for this reason.
            case refused(String)
        }

        public var key: String
        /// For the reference page: `string`, `integer`, `[ServicePort]`, …
        public var type: String
        public var standing: Standing
        /// As it would be written; empty when there is none.
        public var defaultValue: String
        /// One or two sentences, with the unit.
        public var meaning: String
    }

    /// The name in the reference page: `Service.spec.ports[]`.
    public var name: String
    public var fields: [Field]

    public init(_ name: String, _ fields: [Field]) {
        self.name = name
        self.fields = fields
    }

    /// The keys that a user may write.
    var acceptedKeys: [String] {
        fields.compactMap {
            switch $0.standing {
            case .optional, .required: $0.key
            case .ignored, .refused: nil
            }
        }
    }

    func field(_ key: String) -> Field? { fields.first { $0.key == key } }
}

extension FieldTable.Field {
    static func required(_ key: String, _ type: String, _ meaning: String) -> Self {
        Self(key: key, type: type, standing: .required, defaultValue: "", meaning: meaning)
    }

    static func optional(_ key: String, _ type: String, _ meaning: String, default value: String = "") -> Self {
        Self(key: key, type: type, standing: .optional, defaultValue: value, meaning: meaning)
    }

    static func ignored(_ key: String) -> Self {
        Self(
            key: key, type: "", standing: .ignored, defaultValue: "",
            meaning: "Set by a Kubernetes API server; accepted and not kept.")
    }

    static func later(_ key: String) -> Self { refused(key, "not in this version of Tulle") }

    static func refused(_ key: String, _ reason: String) -> Self {
        Self(key: key, type: "", standing: .refused(reason), defaultValue: "", meaning: reason)
    }
}
