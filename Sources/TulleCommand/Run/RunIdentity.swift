// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Foundation
import TulleControl

/// How a sidecar comes by its certificate.
enum RunIdentity: Equatable, Sendable {
    /// The control plane's own socket, on its own machine.
    case socket(path: String)
    case token(file: String, address: HostPort, roots: String)

    /// tulle-proxy's flags for it.
    func arguments(namespace: String, account: String) -> [String] {
        let source: [String] =
            switch self {
            case .socket(let path): ["--signing-socket", path]
            case .token(let file, let address, let roots):
                ["--signing-address", "\(address)", "--signing-roots", roots, "--join-token-file", file]
            }
        return source + ["--service-account", "\(namespace)/\(account)"]
    }

    /// What the user has said of it.
    struct Wishes: Sendable {
        var tokenFile: String?
        var address: HostPort?
        var rootsFile: String?
        /// How long the control plane's API is waited for, and, once that answers, its socket.
        var patience = Duration.seconds(5)
        var socketPatience = Duration.seconds(2)
    }

    /// Finds out from the control plane where its certificates are to be had.
    /// - Parameter directory: where a file may be left for the sidecar.
    /// - Throws: `Failure`, when there is no certificate to be had; its text says why.
    static func find(
        _ wishes: Wishes, _ client: ControlPlaneClient, _ directory: RuntimeDirectory
    ) async throws -> RunIdentity {
        if let token = wishes.tokenFile {
            if let address = wishes.address, let roots = wishes.rootsFile {
                return .token(file: token, address: address, roots: roots)
            }
            let authority = try await patiently(wishes.patience) { try await client.authority() }
            var roots = wishes.rootsFile
            if roots == nil {
                try directory.write(try await client.trustBundle(), to: "roots.pem")
                roots = directory.file("roots.pem")
            }
            return .token(
                file: token, address: try wishes.address ?? HostPort(authority.signing, flag: "--signing"),
                roots: roots ?? "")
        }
        let path = try await patiently(wishes.patience) { try await client.authority() }.socket
        guard !path.isEmpty else { throw Failure(.failed, "the control plane has no socket for local users") }
        try await patiently(wishes.socketPatience) {
            if let reason = LocalSocket.refusal(of: path) { throw Failure(.failed, "\(path): \(reason)") }
        }
        return .socket(path: path)
    }

    /// Asks until there is an answer: the control plane may be starting as well.
    private static func patiently<Answer: Sendable>(
        _ patience: Duration, _ ask: () async throws -> Answer
    ) async throws -> Answer {
        let end = ContinuousClock.now + patience
        while true {
            do {
                return try await ask()
            } catch {
                guard ContinuousClock.now < end, !Task.isCancelled else { throw error }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}

private enum LocalSocket {
    /// Why nobody answers on a socket, in the kernel's words; nil when somebody does.
    static func refusal(of path: String) -> String? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return "a socket's path is shorter" }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return status == 0 ? nil : String(cString: strerror(errno))
    }
}
