import Foundation
import Logging
import ServiceLifecycle
import TulleIdentity
import TulleXDSServer

/// Runs a signing server.
struct SigningService: ServiceLifecycle.Service {
    let server: SigningServer
    let address: Announcement
    let logger: Logger

    func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await server.run() }
                    if let bound = await server.boundAddress {
                        address.announce(bound)
                        logger.info("signing on \(bound)")
                    }
                    try await group.waitForAll()
                }
            } onGracefulShutdown: {
                server.stop()
            }
        } catch let refusal as StreamRefusal {
            throw ControlPlaneError(
                "\(refusal.message); is another control plane running? --signing and --socket take other places")
        }
    }
}

/// Renews the certificate of the control plane's own servers.
struct ServerCertificateRenewal: ServiceLifecycle.Service {
    // What fails is tried again long before even a short certificate ends; nor is it renewed more often near the end of
    // the authority, when each lives shorter than the last.
    private static let minWait = Duration.seconds(1)

    let authority: Authority
    let names: [String]
    let certificate: ServerCertificate
    let logger: Logger

    /// The first certificate, for `ServerCertificate`.
    static func first(_ authority: Authority, names: [String]) throws -> ServerCertificate {
        let (issued, key) = try issue(authority, names: names)
        return try ServerCertificate(chain: issued.chain, key: key)
    }

    private static func issue(
        _ authority: Authority, names: [String]
    ) throws -> (certificate: IssuedCertificate, key: String) {
        try authority.issueServer(to: SPIFFEID(.control, in: authority.trustDomain), names: names, at: Date())
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            // At two thirds of its life, as workloads renew theirs.
            var wait = authority.lifetime * 2 / 3
            while (try? await Task.sleep(for: wait)) != nil {
                do {
                    let (issued, key) = try Self.issue(authority, names: names)
                    try certificate.replace(chain: issued.chain, key: key)
                    wait = max(Self.minWait, .seconds(issued.notAfter.timeIntervalSinceNow) * 2 / 3)
                } catch {
                    logger.error("the control plane's own certificate is not renewed", metadata: ["reason": "\(error)"])
                    wait = Self.minWait
                }
            }
        }
    }
}
