import Foundation

/// iptables' part of `--transparent`: TCP that the command and its children open to other machines comes to the
/// sidecar instead.
///
/// Their traffic is known by a supplementary group that nobody else has (xt_owner's `--suppl-groups`). By user it would
/// need a user per app; by cgroup it would need version 2 to be mounted and ours to write.
struct TransparentRedirect: Sendable {
    var port: UInt16
    /// Beyond what distributions and user databases hand out.
    var group: UInt32 { 1_900_000_000 + UInt32(port) }

    private func rule(_ verb: String) -> [String] {
        // Loopback stays direct: the app's own parts talk there, and so does whatever http_proxy names.
        [
            "-w", "5", "-t", "nat", verb, "OUTPUT", "-p", "tcp", "!", "-d", "127.0.0.0/8", "-m", "owner",
            "--gid-owner", String(group), "--suppl-groups", "-j", "REDIRECT", "--to-ports", String(port),
        ]
    }

    func install() async throws {
        guard geteuid() == 0 else {
            throw Failure(
                status: RunStatus.failed, "--transparent changes iptables, which only root may",
                next: "run as root, or leave --transparent out: programs that honour http_proxy need no root")
        }
        // One that a killed run left behind, which would send this group's traffic twice.
        await remove()
        let (exit, said) = try await Self.iptables(rule("-A"))
        guard exit == .status(0) else {
            throw Failure(
                status: RunStatus.failed, "iptables refused the redirect: \(said)",
                next: "install iptables with the owner match, or leave --transparent out")
        }
    }

    func remove() async {
        // More than one can only stem from runs that were killed; the bound is against an iptables that always says yes.
        for _ in 0..<8 {
            guard let result = try? await Self.iptables(rule("-D")), result.exit == .status(0) else { return }
        }
    }

    /// The rules of all runs that stand now, as `iptables -S` writes them behind `-A`.
    static func rules() async throws -> [(port: UInt16, rule: String)] {
        let (exit, said) = try await iptables(["-w", "5", "-t", "nat", "-S", "OUTPUT"])
        guard exit == .status(0) else { return [] }
        return parse(said)
    }

    static func parse(_ listing: String) -> [(port: UInt16, rule: String)] {
        listing.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.first == "-A", let group = words.firstIndex(of: "--gid-owner"),
                let ports = words.firstIndex(of: "--to-ports"), group + 1 < words.count, ports + 1 < words.count,
                let port = UInt16(words[ports + 1]), UInt32(words[group + 1]) == TransparentRedirect(port: port).group
            else { return nil }
            return (port, words.dropFirst().joined(separator: " "))
        }
    }

    private static func iptables(_ arguments: [String]) async throws -> (exit: ChildExit, said: String) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure(status: RunStatus.failed, "cannot make a pipe") }
        let reading = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        defer { try? reading.close() }
        do {
            let child = try Launch(program: "iptables", arguments: arguments, output: ends[1]).start()
            close(ends[1])
            let exit = await child.exit()
            let said = String(decoding: try reading.readToEnd() ?? Data(), as: UTF8.self)
            return (exit, said.trimmingCharacters(in: .whitespacesAndNewlines))
        } catch let refusal as Launch.Refusal {
            close(ends[1])
            throw Failure(
                status: RunStatus.failed, "iptables did not start: \(refusal.reason)",
                next: "install it (apt-get install iptables), or leave --transparent out")
        }
    }
}
