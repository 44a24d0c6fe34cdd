/// Who owns a resource: the API, or one file of the watched directory. The other may not change it.
public enum ResourceOwner: Hashable, Sendable {
    case api
    /// The path as the control plane sees it.
    case file(String)

    /// Reads `api` or `file:PATH`; nil for anything else.
    public init?(_ text: String) {
        if text == "api" {
            self = .api
        } else if text.hasPrefix("file:") {
            self = .file(String(text.dropFirst("file:".count)))
        } else {
            return nil
        }
    }
}

extension ResourceOwner: CustomStringConvertible {
    public var description: String {
        switch self {
        case .api: "api"
        case .file(let path): "file:\(path)"
        }
    }
}
