internal import GRPCCore
internal import GRPCProtobuf
internal import Logging
internal import SwiftProtobuf
internal import TulleModel
internal import TulleXDS

/// The gRPC face of the discovery server: reads requests off the wire into events, and writes responses.
struct DiscoveryService: RegistrableRPCService {
    let configuration: ADSServer.Configuration
    let source: any DiscoverySource
    let observers: [any SubscriberObserver]
    let table: SubscriberTable
    let logger: Logger

    // Requests that wait while the stream's task is busy. An honest subscriber has an ack and a subscription a type.
    private static let maxWaitingEvents = 256

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        typealias Method = Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Method
        let identifier = configuration.identifier
        router.registerHandler(
            forMethod: Method.StreamAggregatedResources.descriptor,
            deserializer: ProtobufDeserializer<Envoy_Service_Discovery_V3_DiscoveryRequest>(),
            serializer: ProtobufSerializer<Envoy_Service_Discovery_V3_DiscoveryResponse>()
        ) { request, context in
            serve(request, context, .stateOfTheWorld) { message in
                .request(
                    DiscoveryRequest(message), StreamEvent.Presentation(message.node, isSet: message.hasNode))
            } encode: {
                Envoy_Service_Discovery_V3_DiscoveryResponse($0, controlPlane: identifier)
            }
        }
        router.registerHandler(
            forMethod: Method.DeltaAggregatedResources.descriptor,
            deserializer: ProtobufDeserializer<Envoy_Service_Discovery_V3_DeltaDiscoveryRequest>(),
            serializer: ProtobufSerializer<Envoy_Service_Discovery_V3_DeltaDiscoveryResponse>()
        ) { request, context in
            serve(request, context, .delta) { message in
                .request(
                    DiscoveryRequest(message), StreamEvent.Presentation(message.node, isSet: message.hasNode))
            } encode: {
                Envoy_Service_Discovery_V3_DeltaDiscoveryResponse($0, controlPlane: identifier)
            }
        }
    }

    private func serve<Request: Message, Response: Message>(
        _ request: StreamingServerRequest<Request>, _ context: ServerContext, _ flavour: StreamFlavour,
        decode: @escaping @Sendable (Request) -> StreamEvent,
        encode: @escaping @Sendable (DiscoveryResponse) -> Response
    ) -> StreamingServerResponse<Response> {
        StreamingServerResponse(metadata: [:]) { writer in
            let (events, wake) = AsyncStream.makeStream(
                of: StreamEvent.self, bufferingPolicy: .bufferingOldest(Self.maxWaitingEvents))
            let outcome: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
                group.addTask { await read(request, into: wake, decode) }
                group.addTask {
                    try? await Task.sleep(for: configuration.firstRequestTimeout)
                    wake.yield(.late)
                }
                var session = SubscriberSession(
                    flavour: flavour, peer: context.remotePeer, service: self, wake: wake,
                    write: { try await writer.write(encode($0)) })
                let outcome: Result<Void, any Error>
                do {
                    try await session.run(events)
                    outcome = .success(())
                } catch {
                    outcome = .failure(error)
                }
                wake.finish()
                group.cancelAll()
                return outcome
            }
            switch outcome {
            case .success: return [:]
            case .failure(let refusal as StreamRefusal):
                logger.info("stream refused", metadata: ["peer": "\(context.remotePeer)", "reason": "\(refusal)"])
                throw RPCError(code: refusal.code.grpc, message: refusal.message)
            case .failure(let error): throw error
            }
        }
    }

    private func read<Request>(
        _ request: StreamingServerRequest<Request>, into wake: AsyncStream<StreamEvent>.Continuation,
        _ decode: (Request) -> StreamEvent
    ) async {
        do {
            for try await message in request.messages {
                // A full queue ends the stream: the events before the end are still taken.
                if case .dropped = wake.yield(decode(message)) {
                    wake.finish()
                    return
                }
            }
            wake.yield(.ended(clean: true))
        } catch {
            wake.yield(.ended(clean: false))
        }
        wake.finish()
    }
}

extension StreamRefusal {
    static let stopping = StreamRefusal(.unavailable, "the control plane is stopping")
}

extension StreamRefusal.Code {
    fileprivate var grpc: RPCError.Code {
        switch self {
        case .invalidArgument: .invalidArgument
        case .resourceExhausted: .resourceExhausted
        case .unavailable: .unavailable
        case .aborted: .aborted
        }
    }
}
