import TulleModel

/// What `--version` prints.
enum ProxyVersion {
    static let number = TulleVersion.number
    static let text = "tulle-proxy \(number)"
}
