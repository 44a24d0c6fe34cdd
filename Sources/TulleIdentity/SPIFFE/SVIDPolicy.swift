import SwiftASN1
import X509

/// What X.509 SVIDs need beyond RFC 5280's rules as the library checks them: that whoever signed may sign, and that
/// somebody has looked at the names (`SVIDVerifier` has) and purposes, which are critical.
struct SVIDPolicy: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.subjectAlternativeName, .X509ExtensionID.extendedKeyUsage,
    ]

    mutating func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        for issuer in chain.dropFirst() {
            // Without its extensions a certificate of version 1 could be anybody's.
            guard issuer.version == .v3,
                case .isCertificateAuthority = (try? issuer.extensions.basicConstraints) ?? .notCertificateAuthority
            else {
                return .failsToMeetPolicy(reason: "\(issuer.subject) is no authority's certificate")
            }
            let maySign: Bool
            do {
                maySign = try issuer.extensions.keyUsage?.keyCertSign ?? true
            } catch {
                maySign = false
            }
            guard maySign else {
                return .failsToMeetPolicy(reason: "\(issuer.subject) may not sign certificates")
            }
        }
        return .meetsPolicy
    }
}
