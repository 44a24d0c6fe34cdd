import Foundation
import TulleControl

/// Tokens and certificates as people read them.
enum IdentityTables {
    static func tokens(_ tokens: [JoinTokenView], now: Date) -> Table {
        var table = Table(["ID", "SERVICE ACCOUNT", "STATE", "USED", "EXPIRES"])
        table.rows = tokens.map { token in
            [
                .init(token.id), .init(token.serviceAccount),
                .init(token.state, token.state == "active" ? .green : .faint), .init("\(token.used)/\(token.uses)"),
                .init(moment(token.expiresAt, now)),
            ]
        }
        return table
    }

    static func authority(_ authority: AuthorityView, now: Date, _ palette: Palette) -> String {
        let life = MeshTables.age(Double(authority.lifetimeSeconds))
        var text = """
            trust domain   \(authority.trustDomain)
            signing        \(authority.signing.isEmpty ? "not yet" : "on \(authority.signing)"), certificates live \(life)
            issued         \(authority.issued), of which \(authority.live) live

            """
        var own = Table(["AUTHORITY", "AGE", "EXPIRES", "SHA-256"])
        own.rows = authority.certificates.map { certificate in
            let isEnding = certificate.notAfter.timeIntervalSince(now) < 30 * 86_400
            return [
                .init(certificate.subject), .init(MeshTables.age(now.timeIntervalSince(certificate.notBefore))),
                .init(moment(certificate.notAfter, now), isEnding ? .yellow : nil), .init(certificate.fingerprint),
            ]
        }
        text += "\n" + own.text(palette)
        if !authority.expiresNext.isEmpty {
            var next = Table(["EXPIRES NEXT", "IDENTITY", "SERIAL", "BY"])
            next.rows = authority.expiresNext.map { certificate in
                [
                    .init(moment(certificate.expiresAt, now)), .init(certificate.id), .init(certificate.serial),
                    .init(certificate.proof),
                ]
            }
            text += "\n" + next.text(palette)
        }
        if !authority.denied.isEmpty {
            var denied = Table(["DENIED", "SINCE"])
            denied.rows = authority.denied.map { [.init($0.subject, .red), .init(moment($0.createdAt, now))] }
            text += "\n" + denied.text(palette)
        }
        return text
    }

    /// A date and how far it is: `2027-01-15T08:00:00Z (in 9h)`.
    private static func moment(_ date: Date, _ now: Date) -> String {
        let seconds = date.timeIntervalSince(now)
        let distance = seconds >= 0 ? "in \(MeshTables.age(seconds))" : "\(MeshTables.age(-seconds)) ago"
        return "\(date.formatted(.iso8601)) (\(distance))"
    }
}
