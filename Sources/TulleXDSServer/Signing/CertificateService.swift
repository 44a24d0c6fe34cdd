internal import GRPCCore
internal import GRPCProtobuf
internal import SwiftProtobuf
internal import TulleXDS

/// The gRPC face of the signing server: reads calls off the wire, and what their connection says of the caller.
struct CertificateService: RegistrableRPCService {
    let issuer: any CertificateIssuer
    let peers: ConnectionPeers

    // Longer lifetimes are cut by the authority; this only keeps a stranger's number far from overflowing.
    private static let maxSeconds: Int64 = 1 << 31

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        router.registerHandler(
            forMethod: Istio_V1_Auth_IstioCertificateService.Method.CreateCertificate.descriptor,
            deserializer: ProtobufDeserializer<Istio_V1_Auth_IstioCertificateRequest>(),
            serializer: ProtobufSerializer<Istio_V1_Auth_IstioCertificateResponse>()
        ) { request, context in
            let call = try call(try await ServerRequest(stream: request), context)
            do {
                var response = Istio_V1_Auth_IstioCertificateResponse()
                response.certChain = try await issuer.issue(call)
                return StreamingServerResponse(single: ServerResponse(message: response))
            } catch let refusal as CertificateRefusal {
                throw RPCError(code: refusal.code.grpc, message: refusal.message)
            }
        }
    }

    private func call(
        _ request: ServerRequest<Istio_V1_Auth_IstioCertificateRequest>, _ context: ServerContext
    ) throws -> CertificateCall {
        let message = request.message
        guard message.validityDuration >= 0 else {
            throw RPCError(
                code: .invalidArgument,
                message: "validity_duration \(message.validityDuration): seconds, or 0 for the authority's own choice")
        }
        guard let peer = peers.peer(of: request.metadata) else {
            // No call comes in but through a listener that marks it.
            throw RPCError(code: .internalError, message: "the call's connection is not known")
        }
        return CertificateCall(
            csr: message.csr,
            lifetime: message.validityDuration == 0
                ? nil : .seconds(min(message.validityDuration, Self.maxSeconds)),
            bearer: try Self.bearer(request.metadata), certificates: peer.certificates, user: peer.user,
            metadata: message.metadata.fields.compactMapValues { value in
                if case .stringValue(let text)? = value.kind { text } else { nil }
            },
            peer: context.remotePeer)
    }

    private static func bearer(_ metadata: Metadata) throws -> String? {
        let values = Array(metadata[stringValues: "authorization"])
        guard let value = values.first else { return nil }
        let scheme = "bearer "
        guard values.count == 1, value.prefix(scheme.count).lowercased() == scheme else {
            throw RPCError(
                code: .unauthenticated,
                message: "authorization: one \"Bearer TOKEN\" is right; another scheme is not known")
        }
        return String(value.dropFirst(scheme.count))
    }
}

extension CertificateRefusal.Code {
    fileprivate var grpc: RPCError.Code {
        switch self {
        case .unauthenticated: .unauthenticated
        case .permissionDenied: .permissionDenied
        case .invalidArgument: .invalidArgument
        case .resourceExhausted: .resourceExhausted
        case .unavailable: .unavailable
        }
    }
}
