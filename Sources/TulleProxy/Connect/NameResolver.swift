// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Glibc
import NIOConcurrencyHelpers
import NIOPosix
import TulleModel

/// Why a name has no address, in the resolver's words.
struct NameError: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}

/// Looks names up by the system's resolver, on threads of its own: `getaddrinfo` blocks.
///
/// Answers are kept for some seconds, failures for less, so that a request storm on one name is one look-up.
final class NameResolver: Sendable {
    typealias Answer = Result<[String], NameError>

    private struct Known {
        var answer: Answer
        var until: UInt64
    }

    private struct State {
        var known: [String: Known] = [:]
        var waiting: [String: [@Sendable (Answer) -> Void]] = [:]
    }

    /// Guards the answers; touched by any loop, never while an answer is being delivered.
    private let state = NIOLockedValueBox(State())
    private let pool: NIOThreadPool

    /// As Envoy's DNS cache: a name that changes is noticed within seconds.
    private static let lifetime: UInt64 = 5_000_000_000
    private static let failureLifetime: UInt64 = 1_000_000_000
    private static let maxNames = 4096

    init(pool: NIOThreadPool) { self.pool = pool }

    /// Every address of a name, the preferred family first. The answer may come on any thread.
    func resolve(_ name: String, family: Cluster.DNSFamily, answer: @escaping @Sendable (Answer) -> Void) {
        let key = "\(family) \(name)"
        let now = Self.now()
        let ready: Answer?? = state.withLockedValue { state in
            if let known = state.known[key], known.until > now { return known.answer }
            if state.waiting[key] != nil {
                state.waiting[key]!.append(answer)
                return nil
            }
            state.waiting[key] = [answer]
            return .some(nil)
        }
        guard let ready else { return }
        if let ready { return answer(ready) }
        pool.submit { [self] _ in
            let outcome = Self.lookUp(name, family)
            let waiters = state.withLockedValue { state in
                if state.known.count >= Self.maxNames { state.known.removeAll() }
                let isFailure = if case .failure = outcome { true } else { false }
                state.known[key] = Known(
                    answer: outcome, until: Self.now() + (isFailure ? Self.failureLifetime : Self.lifetime))
                return state.waiting.removeValue(forKey: key) ?? []
            }
            for waiter in waiters { waiter(outcome) }
        }
    }

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func lookUp(_ name: String, _ family: Cluster.DNSFamily) -> Answer {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_family =
            switch family {
            case .v4Only: AF_INET
            case .v6Only: AF_INET6
            case .auto, .v4Preferred, .all: AF_UNSPEC
            }
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        guard status == 0, let first = list else {
            return .failure(NameError(reason: String(cString: gai_strerror(status))))
        }
        defer { freeaddrinfo(first) }
        var v4: [String] = []
        var v6: [String] = []
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let item = next {
            next = item.pointee.ai_next
            guard let address = item.pointee.ai_addr else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            guard
                getnameinfo(
                    address, item.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            else { continue }
            let ip = text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            if item.pointee.ai_family == AF_INET { v4.append(ip) } else { v6.append(ip) }
        }
        // Envoy's AUTO prefers IPv6 where there is any; both prefer what the family's name says.
        let addresses =
            switch family {
            case .auto: v6.isEmpty ? v4 : v6
            case .v4Preferred: v4.isEmpty ? v6 : v4
            case .v4Only: v4
            case .v6Only: v6
            case .all: v4 + v6
            }
        return addresses.isEmpty ? .failure(NameError(reason: "no address")) : .success(addresses)
    }
}
