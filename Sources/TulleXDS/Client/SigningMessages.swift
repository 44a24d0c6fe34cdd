internal import SwiftProtobuf

/// The bytes of Istio's signing API, `istio.v1.auth.IstioCertificateService/CreateCertificate`, from the caller's side.
public enum SigningMessages {
    public static let path = "/istio.v1.auth.IstioCertificateService/CreateCertificate"

    /// - Parameters:
    ///   - lifetime: nil leaves it to the authority.
    ///   - metadata: who a local caller wants to be, in the names of Istio's node metadata.
    public static func request(
        csr: String, lifetime: Duration?, metadata: [String: String]
    ) throws -> [UInt8] {
        var message = Istio_V1_Auth_IstioCertificateRequest()
        message.csr = csr
        message.validityDuration = lifetime?.components.seconds ?? 0
        if !metadata.isEmpty {
            message.metadata = Google_Protobuf_Struct(
                fields: metadata.mapValues { Google_Protobuf_Value(stringValue: $0) })
        }
        return try message.serializedBytes()
    }

    /// The certificates of an answer: PEM, the leaf first and the root last.
    public static func chain(_ answer: [UInt8]) throws -> [String] {
        try Istio_V1_Auth_IstioCertificateResponse(serializedBytes: answer).certChain
    }
}
