// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Foundation

/// What of this machine a mesh depends on.
enum MachineCheck {
    static func findings() async -> [Finding] {
        [proxy(), openFiles(), runtimeDirectory(), ports(), await transparent(), surroundings()].compactMap { $0 }
    }

    private static let area = "machine"

    private static func proxy() -> Finding {
        do {
            let proxy = try ProxyExecutable.find()
            guard ProxyExecutable.isRunnable(proxy.path) else {
                return .problem(
                    area, "\(proxy.path) cannot be run", mend: "build it with scripts/build, or mend TULLE_PROXY")
            }
            return .ok(area, "sidecar program \(proxy.path)")
        } catch let failure as Failure {
            return .problem(area, failure.message, mend: failure.next)
        } catch {
            return .problem(area, "\(error)", mend: "build it with scripts/build")
        }
    }

    /// A sidecar needs two descriptors a request in flight, and one a kept-alive connection.
    static let fewFiles: UInt = 4_096

    private static func openFiles() -> Finding {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .warning(area, "the limit on open files cannot be read", mend: "look at `ulimit -n`")
        }
        let soft = UInt(limit.rlim_cur)
        guard soft >= fewFiles else {
            return .warning(
                area, "at most \(soft) open files a process: a busy sidecar needs \(fewFiles) or more",
                mend: "ulimit -n \(min(65_536, UInt(limit.rlim_max))) before `tulle run`, or LimitNOFILE= in its unit")
        }
        return .ok(area, "open files: up to \(soft) a process")
    }

    private static func runtimeDirectory() -> Finding {
        do {
            let directory = try RuntimeDirectory(name: "check-\(RunPlan.newInstance())")
            directory.remove()
            return .ok(area, "runtime directory \(RuntimeDirectory.root())")
        } catch let failure as Failure {
            return .problem(area, failure.message, mend: failure.next)
        } catch {
            return .problem(area, "\(error)", mend: "set TULLE_RUNTIME_DIR to a directory that you can write")
        }
    }

    private static func ports() -> Finding {
        let text = (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)) ?? ""
        let low = text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt16($0) } ?? 32_768
        guard low > PortClaim.range.upperBound else {
            return .warning(
                area, "outgoing connections may take ports from \(low) on, where sidecars listen (\(PortClaim.range))",
                mend: "sysctl -w net.ipv4.ip_local_port_range=\"32768 60999\"")
        }
        guard (try? PortClaim().take(on: "127.0.0.1")) != nil else {
            return .problem(area, "no free port in \(PortClaim.range)", mend: "see who listens: ss -tln")
        }
        return .ok(area, "ports \(PortClaim.range.lowerBound) to \(PortClaim.range.upperBound) for sidecars")
    }

    /// Needed by `tulle run --transparent` alone, so its absence is no problem; rules that a killed run left are.
    private static func transparent() async -> Finding? {
        guard geteuid() == 0 else { return .ok(area, "no root: `tulle run` works, its --transparent does not") }
        guard let rules = try? await TransparentRedirect.rules() else {
            return .ok(area, "no iptables: `tulle run` works, its --transparent does not")
        }
        let claim = PortClaim()
        // A living run holds its port's claim; what can be claimed belongs to nobody.
        if let stale = rules.first(where: { claim.claim($0.port) }) {
            return .warning(
                area, "a killed `tulle run --transparent` left an iptables rule for port \(stale.port)",
                mend: "iptables -t nat -D \(stale.rule)")
        }
        return .ok(area, "iptables is there for `tulle run --transparent`")
    }

    private static func surroundings() -> Finding? {
        let environment = ProcessInfo.processInfo.environment
        guard let proxy = environment["http_proxy"], !proxy.isEmpty, environment["TULLE_HTTP_PROXY"] == nil else {
            return nil
        }
        return .warning(
            area, "http_proxy is set to \(proxy): `tulle run` replaces it, so its commands no longer use that proxy",
            mend: "nothing, if meshed programs need not reach beyond that proxy")
    }
}
