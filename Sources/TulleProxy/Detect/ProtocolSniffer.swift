import NIOCore

/// What the first bytes of a connection say about it.
struct DetectedProtocol: Equatable {
    /// "tls" or "raw_buffer", as filter chains match it.
    var transport = "raw_buffer"
    /// `http/1.1`, `http/1.0`, `h2c`, or what a ClientHello offers by ALPN.
    var application: [String] = []
    /// The name that a ClientHello asks for, in lower case.
    var serverName: String?
}

/// Tells protocols by their first bytes, without waiting for more of them than it needs.
struct ProtocolSniffer {
    enum Verdict: Equatable {
        case needMore
        case detected(DetectedProtocol)
    }

    /// The longest first line that is looked at before a connection counts as opaque.
    static let maxInspectedBytes = 16384

    let inspectsHTTP: Bool
    let inspectsTLS: Bool

    func inspect(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        guard let first = bytes.first else { return .needMore }
        if inspectsTLS, first == 0x16 {
            switch ClientHello.read(bytes) {
            case .needMore: if bytes.count < Self.maxInspectedBytes { return .needMore }
            case .notTLS: break
            case .hello(let hello):
                return .detected(
                    DetectedProtocol(
                        transport: "tls", application: hello.applicationProtocols, serverName: hello.serverName))
            }
        }
        guard inspectsHTTP else { return .detected(DetectedProtocol()) }
        return inspectHTTP(bytes)
    }

    /// What a connection is taken for when its client stopped in the middle of a first line.
    func bestGuess(_ bytes: UnsafeRawBufferPointer) -> DetectedProtocol {
        guard inspectsHTTP, let method = methodLength(bytes), method < bytes.count else { return DetectedProtocol() }
        return DetectedProtocol(application: ["http/1.1"])
    }

    private static let h2Preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    private func inspectHTTP(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        let preface = UnsafeRawBufferPointer(
            start: Self.h2Preface.utf8Start, count: Self.h2Preface.utf8CodeUnitCount)
        let shared = min(bytes.count, preface.count)
        if bytes.prefix(shared).elementsEqual(preface.prefix(shared)) {
            return shared == preface.count ? .detected(DetectedProtocol(application: ["h2c"])) : .needMore
        }
        guard let method = methodLength(bytes) else { return .detected(DetectedProtocol()) }
        guard method < bytes.count else { return .needMore }
        guard let end = bytes.firstIndex(of: 0x0A) else {
            return bytes.count < Self.maxInspectedBytes ? .needMore : .detected(DetectedProtocol())
        }
        var lineEnd = end
        if lineEnd > 0, bytes[lineEnd - 1] == 0x0D { lineEnd -= 1 }
        let line = bytes[..<lineEnd]
        if line.hasSuffix(" HTTP/1.1") { return .detected(DetectedProtocol(application: ["http/1.1"])) }
        if line.hasSuffix(" HTTP/1.0") { return .detected(DetectedProtocol(application: ["http/1.0"])) }
        return .detected(DetectedProtocol())
    }

    /// The length of a leading method name: as many bytes as are there when it has not ended yet, nil when the
    /// bytes cannot begin one. Methods in use are upper-case letters, `-` and `_`.
    private func methodLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 0
        while index < bytes.count, index <= 24 {
            let byte = bytes[index]
            if byte == 0x20 { return index > 0 ? index : nil }
            guard (0x41...0x5A).contains(byte) || byte == 0x2D || byte == 0x5F else { return nil }
            index += 1
        }
        return index <= 24 ? index : nil
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func hasSuffix(_ suffix: StaticString) -> Bool {
        let other = UnsafeRawBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount)
        return count >= other.count && self.suffix(other.count).elementsEqual(other)
    }
}
