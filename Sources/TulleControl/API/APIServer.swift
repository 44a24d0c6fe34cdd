import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// The REST API: Hummingbird in front of `APIHandlers`.
struct APIServer: ServiceLifecycle.Service {
    let configuration: APIConfiguration
    let handlers: APIHandlers
    let logger: Logger
    /// Called with the bound address, `HOST:PORT`.
    let onRunning: @Sendable (String) async -> Void

    // A caller that sends nothing for this long holds a connection for nothing; a watch beats more often.
    static let idleTimeout = TimeAmount.seconds(60)

    func run() async throws {
        try configuration.check()
        // The library says in its words that it listens; `onRunning` says it in ours.
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        let application = Application(
            responder: Self.router(handlers, configuration).buildResponder(),
            server: .http1(configuration: .init(idleTimeout: Self.idleTimeout)),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "tulle-control"),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? configuration.port
                let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
                await onRunning("\(host):\(port)")
            },
            logger: quiet)
        do {
            try await application.run()
        } catch let error as IOError {
            throw ControlPlaneError(
                "the api cannot listen on \(configuration.host):\(configuration.port): \(error); "
                    + "is another control plane running? --api takes another address")
        }
    }

    /// A route for each operation, and nothing else.
    static func router(_ handlers: APIHandlers, _ configuration: APIConfiguration) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: APIMiddleware(configuration: configuration, metrics: handlers.metrics))
        for operation in APIOperation.allCases {
            router.on(RouterPath(operation.path), method: operation.method) { request, context in
                try await handlers.respond(operation, request, context)
            }
        }
        return router
    }
}
