// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Glibc
import NIOCore
import TulleTelemetry

/// The Date field of responses, kept for the second that it is right for (RFC 9110, 6.6.1).
struct DateLine {
    private static let prefix = Array("date: ".utf8)

    private var line: [UInt8] = []
    private var second: Int = .min

    /// The whole field line with its end.
    mutating func current() -> [UInt8] {
        refresh()
        return line
    }

    mutating func currentValue() -> ArraySlice<UInt8> {
        refresh()
        return line[Self.prefix.count..<(line.count - 2)]
    }

    private mutating func refresh() {
        // The coarse clock costs no system call and is right to some milliseconds.
        var now = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &now)
        guard now.tv_sec != second else { return }
        second = now.tv_sec
        line = Self.prefix
        Self.format.append(WallTime(seconds: Int64(second), nanoseconds: 0), to: &line)
        line.append(contentsOf: [0x0D, 0x0A])
    }

    // The pattern is known to be sound.
    private static let format = try! TimeFormat("%a, %d %b %Y %H:%M:%S GMT")
}
