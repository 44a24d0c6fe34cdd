import Foundation
import Testing

@testable import TulleCommand

/// Real children.
struct LaunchTests {
    @Test("a child's status is told")
    func status() async throws {
        let child = try Launch(program: "sh", arguments: ["-c", "exit 7"]).start()
        #expect(await child.exit() == .status(7))
    }

    @Test("a child that a signal ended is told by the signal")
    func signalled() async throws {
        let child = try Launch(program: "sleep", arguments: ["60"]).start()
        child.signal(SIGTERM)
        #expect(await child.exit() == .signal(SIGTERM))
    }

    @Test("a program that is not there is told at once, as shells do")
    func missing() {
        let refusal = #expect(throws: Launch.Refusal.self) { try Launch(program: "/no/such/program").start() }
        #expect(refusal?.shellStatus == 127)
        let folder = #expect(throws: Launch.Refusal.self) { try Launch(program: "/etc").start() }
        #expect(folder?.shellStatus == 126)
    }

    @Test("a child leads a group of its own and starts with no signal blocked")
    func clean() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let script = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ps -o pgid= -p $$; echo $$"
        let child = try Launch(program: "sh", arguments: ["-c", script], output: ends[1]).start()
        close(ends[1])
        #expect(await child.exit() == .status(0))
        let reading = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let said = String(decoding: try reading.readToEnd() ?? Data(), as: UTF8.self)
            .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(said.first?.hasSuffix("0000000000000000") == true)
        #expect(said.count == 4 && said[2] == said[3])
    }

    @Test("restarts come at once, then ever later, and a good run forgives")
    func backoff() {
        var backoff = Backoff()
        #expect(backoff.next(uptime: .zero) == .zero)
        #expect(backoff.next(uptime: .zero) == .milliseconds(50))
        #expect(backoff.next(uptime: .zero) == .milliseconds(100))
        for _ in 0..<20 { _ = backoff.next(uptime: .zero) }
        #expect(backoff.next(uptime: .zero) == Backoff.longest)
        #expect(backoff.next(uptime: .seconds(11)) == .zero)
    }

    @Test("a process's name may hold spaces and parentheses")
    func processTable() {
        #expect(
            ProcessTable.parse("12 (a ) (b) S 7 12 12 0")
                == ProcessTable.Entry(id: 12, parent: 7, name: "a ) (b"))
        #expect(ProcessTable.parse("nonsense") == nil)
        #expect(ProcessTable.entry(getpid())?.parent == getppid())
    }
}
