/// Who the ends of a connection have proved to be; empty where they have not.
struct ConnectionPrincipals: Hashable, Sendable {
    var peer = ""
    var own = ""

    static let unknown = ConnectionPrincipals()

    init() {}

    /// - Parameter own: the URI names of the certificate that was shown to the peer.
    init(_ peer: PeerCertificate?, own: [String]) {
        guard let peer else { return }
        self.peer = peer.uriNames.first ?? peer.dnsNames.first ?? peer.subject
        self.own = own.first ?? ""
    }
}

/// The principals that one worker has met, as small numbers: labels of statistics compare no text.
final class PrincipalTable {
    private var numbers: [ConnectionPrincipals: Int32] = [.unknown: 0]
    private var entries = [ConnectionPrincipals.unknown]

    // A mesh has some hundred accounts. Strangers with certificates of many names do not fill the memory: what comes later
    // counts as unknown.
    private static let most = 4096

    func number(of principals: ConnectionPrincipals) -> Int32 {
        if let known = numbers[principals] { return known }
        guard entries.count < Self.most else { return 0 }
        let number = Int32(entries.count)
        numbers[principals] = number
        entries.append(principals)
        return number
    }

    subscript(_ number: Int32) -> ConnectionPrincipals { entries[Int(number)] }
}
