import Glibc
public import Logging
import NIOConcurrencyHelpers

/// Who has certificates signed: in tulle-proxy, a control plane's signing API.
public protocol CertificateSigner: Sendable {
    /// - Parameters:
    ///   - request: a signing request as PEM.
    ///   - current: what proves who the caller is, while it is good.
    /// - Returns: PEM, the leaf first and the root last.
    func sign(_ request: String, holding current: WorkloadCertificate?) async throws -> [String]
}

/// Keeps a proxy's certificate: has it signed at the start, and anew at two thirds of its life, with a fresh key each time.
///
/// What fails is tried again and told, louder as the end comes nearer. The certificate that is there serves until it expires; then
/// peers refuse it, and the first answer of the authority mends that.
public struct IdentityKeeper: Sendable {
    private let proxy: Proxy
    private let signer: any CertificateSigner
    /// Whose certificate is expected; nil takes what the authority says.
    private let expected: String?
    private let file: IdentityFile?
    private let logger: Logger
    private let alarm = Alarm()

    /// An authority that does not answer in this time is not there.
    private static let patience = Duration.seconds(10)
    private static let firstWait = Duration.milliseconds(250)
    private static let maxWait = Duration.seconds(30)

    /// - Parameters:
    ///   - expected: the end of the SPIFFE ID that must come, such as `/ns/shop/sa/cart`.
    ///   - folder: where the key and the certificate are kept for the next start, if anywhere.
    public init(proxy: Proxy, signer: any CertificateSigner, expected: String?, keptIn folder: String?, logger: Logger)
    {
        file = folder.map { IdentityFile(in: $0) }
        self.proxy = proxy
        self.signer = signer
        self.expected = expected
        self.logger = logger
    }

    /// Until the task is cancelled.
    public func run() async {
        var current: WorkloadCertificate?
        /// How long the current certificate had to live when it came.
        var life = 0
        var failures = 0
        if let kept = file?.load(), isExpected(kept), (try? await proxy.take(kept)) != nil {
            life = kept.notAfter - time(nil)
            current = kept
            logger.info("certificate of the last run", metadata: ["id": "\(kept.id)", "lives": "\(life) s"])
        }
        while !Task.isCancelled {
            let wait: Duration
            do {
                let new = try await obtain(holding: current.flatMap { $0.notAfter > time(nil) ? $0 : nil })
                life = new.notAfter - time(nil)
                logger.info(
                    current == nil ? "certificate obtained" : "certificate renewed",
                    metadata: ["id": "\(new.id)", "lives": "\(life) s"])
                current = new
                keep(new)
                failures = 0
                wait = Self.renewal(life: life, random: .random(in: 0...1))
            } catch {
                if Task.isCancelled { return }
                tell(error, current, life)
                wait = Self.retry(after: failures, random: .random(in: 0...1))
                failures += 1
            }
            await alarm.sleep(for: wait)
        }
    }

    /// The authority may be another now: the certificate is renewed within a second.
    public func renewSoon() { alarm.ring() }

    private func isExpected(_ certificate: WorkloadCertificate) -> Bool {
        expected.map { certificate.id.hasSuffix($0) } ?? true
    }

    private func keep(_ certificate: WorkloadCertificate) {
        do {
            try file?.save(certificate)
        } catch {
            logger.warning("the certificate is not kept for the next start", metadata: ["reason": "\(error)"])
        }
    }

    private func obtain(holding current: WorkloadCertificate?) async throws -> WorkloadCertificate {
        let key = SigningKey()
        let request = try key.request()
        let answer = try await withThrowingTaskGroup(of: [String].self) { group in
            group.addTask { try await signer.sign(request, holding: current) }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                throw ProxyError("the authority has not answered in \(Self.patience.components.seconds) s")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
        let new = try WorkloadCertificate(answer, for: key)
        guard isExpected(new) else {
            throw ProxyError("the authority signed for \(new.id), and this proxy is to be …\(expected ?? "")")
        }
        guard new.notAfter > time(nil) else {
            throw ProxyError("the authority's certificate has expired already: is a clock wrong?")
        }
        try await proxy.take(new)
        return new
    }

    private func tell(_ error: any Error, _ current: WorkloadCertificate?, _ life: Int) {
        let reason: Logger.MetadataValue = "\(error)"
        guard let current else {
            return logger.error("no certificate yet: this proxy cannot prove who it is", metadata: ["reason": reason])
        }
        let left = current.notAfter - time(nil)
        guard left > 0 else {
            return logger.error(
                "the certificate has EXPIRED and is not renewed: peers refuse it",
                metadata: ["reason": reason, "expired": "\(-left) s ago"])
        }
        logger.log(
            level: left < life / 6 ? .error : .warning, "the certificate is not renewed",
            metadata: ["reason": reason, "left": "\(left) s"])
    }

    // MARK: When

    /// Two thirds into its life, and up to a tenth of that earlier, so that a mesh that started as one does not renew as one.
    static func renewal(life: Int, random: Double) -> Duration {
        max(firstWait, .seconds(life) * (2.0 / 3 - random / 15))
    }

    /// Doubling from a quarter of a second, half of it by chance.
    static func retry(after failures: Int, random: Double) -> Duration {
        min(maxWait, firstWait * (1 << min(failures, 10))) * (0.5 + random / 2)
    }
}

/// A sleep that can be ended early.
private final class Alarm: Sendable {
    private struct State {
        var sleeping: Task<Void, Never>?
        /// Rung while nobody slept.
        var isDue = false
    }

    // So that a mesh whose control plane comes back does not renew as one.
    private static let spread = Duration.seconds(1)
    private let state = NIOLockedValueBox(State())

    func sleep(for duration: Duration) async {
        let sleep = Task { _ = try? await Task.sleep(for: duration) }
        let isDue = state.withLockedValue { state in
            state.sleeping = sleep
            defer { state.isDue = false }
            return state.isDue
        }
        if isDue { sleep.cancel() }
        await withTaskCancellationHandler {
            await sleep.value
        } onCancel: {
            sleep.cancel()
        }
        state.withLockedValue { $0.sleeping = nil }
    }

    func ring() {
        Task {
            try? await Task.sleep(for: Self.spread * Double.random(in: 0...1))
            state.withLockedValue { state in
                state.isDue = state.sleeping == nil
                state.sleeping?.cancel()
            }
        }
    }
}
