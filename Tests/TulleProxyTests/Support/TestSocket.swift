import Glibc

/// A blocking TCP socket on loopback for tests. Every call gives up after ten seconds.
final class TestSocket: @unchecked Sendable {
    // Used by one thread at a time: a test's, or the one that a server gives a connection.
    private let descriptor: Int32
    private var buffered: [UInt8] = []

    struct Failure: Error { let what: String }

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    convenience init(port: Int) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let status = Self.loopback(port).withUnsafeBytes {
            Glibc.connect(descriptor, $0.bindMemory(to: sockaddr.self).baseAddress!, socklen_t($0.count))
        }
        guard status == 0 else {
            Glibc.close(descriptor)
            throw Failure(what: "connect: \(String(cString: strerror(errno)))")
        }
        self.init(descriptor: descriptor)
    }

    deinit { Glibc.close(descriptor) }

    /// The bytes of a `sockaddr_in` on Linux: family, port, 127.0.0.1. Its members belong to Glibc or to NIO's copy of the
    /// same header, whichever a compilation happens to load first, and the other's are not to be seen here.
    static func loopback(_ port: Int) -> [UInt8] {
        [UInt8(AF_INET), 0, UInt8(port >> 8), UInt8(port & 0xFF), 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(what: "send: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes next, at the most `limit` bytes; empty at the end.
    func receive(_ limit: Int = 65536) throws -> [UInt8] {
        if !buffered.isEmpty {
            defer { buffered.removeFirst(min(limit, buffered.count)) }
            return Array(buffered.prefix(limit))
        }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &bytes, limit, 0)
        guard count >= 0 else { throw Failure(what: "receive: \(String(cString: strerror(errno)))") }
        return Array(bytes[..<count])
    }

    /// Everything up to and with the text; what follows is kept.
    func receive(through text: String) throws -> String {
        let wanted = Array(text.utf8)
        var all: [UInt8] = []
        while true {
            if let end = Self.end(of: wanted, in: all) {
                buffered = Array(all[end...]) + buffered
                return String(decoding: all[..<end], as: UTF8.self)
            }
            let more = try receive()
            guard !more.isEmpty else {
                throw Failure(what: "ended before \"\(text)\": \(String(decoding: all, as: UTF8.self))")
            }
            all += more
        }
    }

    func receive(exactly count: Int) throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let more = try receive(count - all.count)
            guard !more.isEmpty else { throw Failure(what: "ended after \(all.count) of \(count) bytes") }
            all += more
        }
        return all
    }

    func receiveToEnd() throws -> String {
        var all: [UInt8] = []
        while true {
            let more = try receive()
            if more.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += more
        }
    }

    /// A response with a Content-Length: its head and its body.
    func response() throws -> (head: String, body: String) {
        let head = try receive(through: "\r\n\r\n")
        let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        return (head, String(decoding: try receive(exactly: length), as: UTF8.self))
    }

    private static func end(of wanted: [UInt8], in all: [UInt8]) -> Int? {
        guard all.count >= wanted.count else { return nil }
        for start in 0...(all.count - wanted.count) where all[start..<start + wanted.count].elementsEqual(wanted) {
            return start + wanted.count
        }
        return nil
    }
}
