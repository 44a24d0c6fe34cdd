/// Why a peer whose chain is good is not let in, in words for a person.
enum PeerObjection: Error, CustomStringConvertible {
    case hash
    case expired
    case names([String])
    case serverName(String, [String])

    var description: String {
        switch self {
        case .hash: "the peer's certificate is not one of those pinned by verify_certificate_hash"
        case .expired: "the peer's certificate has expired since its session was begun"
        case .names(let names): "the peer's certificate is for \(Self.list(names)), which is not who is expected"
        case .serverName(let wanted, let names): "the peer's certificate is for \(Self.list(names)), not for \(wanted)"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty
            ? "nobody (it has no names)" : names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", …" : "")
    }
}
