import Foundation
import TulleIdentity

/// Who gets no certificate any more: an identity, or whoever holds one certificate.
enum DeniedSubject: Hashable, Sendable, CustomStringConvertible {
    case id(SPIFFEID)
    /// A certificate's serial in lower-case hex digits.
    case serial(String)

    /// Reads a SPIFFE ID, or a serial as openssl (`0A1B…`) or a browser (`0a:1b:…`) shows it.
    init(_ text: String) throws {
        if text.hasPrefix("spiffe:") {
            self = .id(try SPIFFEID(text))
            return
        }
        var digits = text.lowercased().filter { $0 != ":" }
        guard !digits.isEmpty, digits.utf8.count <= 40, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw APIError(
                .badRequest,
                "\"\(text.prefix(80))\" can not be denied: a SPIFFE ID or a certificate's serial, in hex, is right")
        }
        if digits.utf8.count % 2 == 1 { digits = "0" + digits }
        while digits.hasPrefix("00"), digits.utf8.count > 2 { digits.removeFirst(2) }
        self = .serial(digits)
    }

    var description: String {
        switch self {
        case .id(let id): id.description
        case .serial(let serial): serial
        }
    }
}

/// A subject on the deny list.
struct Denial: Hashable, Sendable {
    var subject: DeniedSubject
    var createdAt: Date
}
