import FoundationEssentials
import Testing
import TulleModel

@testable import TulleTelemetry

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

@Suite struct AccessLogWriterTests {
    func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.path + "/tulle-log-\(UInt64.random(in: 0 ... .max))"
    }

    func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    @Test("all lines of many threads are in the file, in whole, once it is closed")
    func file() async throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let writer = try AccessLogWriter(.file(path))
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask { for line in 0..<500 { writer.write(Array("\(thread) \(line)\n".utf8)) } }
            }
        }
        #expect(writer.close(limit: .seconds(10)))
        let lines = text(path).split(separator: "\n")
        #expect(lines.count == 2000 && Set(lines).count == 2000)
        #expect(writer.counters == AccessLogWriter.Counters(written: 2000, dropped: 0, failures: 0))
        writer.write([0x61])
        #expect(writer.counters.dropped == 1)
    }

    @Test("a renamed file is left behind by a reopening")
    func reopen() throws {
        let path = temporaryPath()
        defer {
            unlink(path)
            unlink(path + ".1")
        }
        let writer = try AccessLogWriter(.file(path))
        writer.write(Array("one\n".utf8))
        #expect(wait { text(path) == "one\n" })
        #expect(rename(path, path + ".1") == 0)
        writer.reopen()
        #expect(wait { access(path, F_OK) == 0 })
        writer.write(Array("two\n".utf8))
        #expect(writer.close(limit: .seconds(10)))
        #expect(text(path + ".1") == "one\n" && text(path) == "two\n")
    }

    @Test("a sink that stalls costs lines, not memory, and does not hold up the end")
    func stalled() throws {
        let path = temporaryPath()
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        // A pipe that is open and never read.
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let writer = try AccessLogWriter(.file(path), maxPendingBytes: 100_000)
        let line = [UInt8](repeating: 0x78, count: 999) + [0x0A]
        for _ in 0..<1000 { writer.write(line) }
        #expect(wait { writer.counters.dropped > 0 })
        #expect(writer.counters.dropped >= 700)
        #expect(!writer.close(limit: .milliseconds(50)))
        close(reader)
    }

    @Test("a failing sink is counted", .enabled(if: access("/dev/full", W_OK) == 0))
    func full() throws {
        let writer = try AccessLogWriter(.file("/dev/full"))
        writer.write(Array("a\n".utf8))
        writer.write(Array("b\n".utf8))
        #expect(writer.close(limit: .seconds(10)))
        #expect(writer.counters.dropped == 2 && writer.counters.written == 0 && writer.counters.failures > 0)
    }

    @Test("a file that cannot be opened is refused by name")
    func unopened() {
        let error = #expect(throws: FormatError.self) { try AccessLogWriter(.file("/nonexistent/a/log")) }
        #expect(
            error?.description == "access log \"/nonexistent/a/log\" cannot be opened: No such file or directory")
    }

    @Test("logs that name one sink share its writer")
    func shared() throws {
        let path = temporaryPath()
        defer { unlink(path) }
        let writers = AccessLogWriters()
        let first = try writers.writer(for: .file(path))
        #expect(try writers.writer(for: .file(path)) === first)
        #expect(try writers.writer(for: .standardError) !== first)
        first.write(Array("a\n".utf8))
        writers.close(limit: .seconds(10))
        #expect(writers.counters.written == 1 && text(path) == "a\n")
    }

    /// Waits for a condition, up to ten seconds.
    func wait(_ condition: () -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            if condition() { return true }
            usleep(1000)
        }
        return condition()
    }
}
