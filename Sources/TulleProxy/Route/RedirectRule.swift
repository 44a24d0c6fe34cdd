import NIOCore
import TulleModel

/// The compiled `RedirectAction`.
final class RedirectRule: Sendable {
    enum Path: Sendable {
        case replace([UInt8], hasQuery: Bool)
        case prefix([UInt8])
        case regex(CompiledRegex, substitution: [UInt8])
    }

    let status: Int
    private let scheme: [UInt8]?
    private let host: [UInt8]?
    /// With its colon.
    private let port: [UInt8]
    private let path: Path?
    private let stripsQuery: Bool

    /// What a direct response of a redirecting status names as Location: the request itself.
    static let unchanged = RedirectRule()

    private init() {
        (status, scheme, host, port, path, stripsQuery) = (301, nil, nil, [], nil, false)
    }

    init(_ action: RedirectAction) throws(RouteError) {
        guard [301, 302, 303, 307, 308].contains(action.status) else {
            throw RouteError("redirect status \(action.status) is none of 301, 302, 303, 307 and 308")
        }
        status = action.status
        scheme = action.scheme.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        host = action.host.flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        port = action.port.map { $0 == 0 ? [] : Array(":\($0)".utf8) } ?? []
        switch action.path {
        case .replace(let text): path = text.isEmpty ? nil : .replace(Array(text.utf8), hasQuery: text.contains("?"))
        case .prefix(let text): path = text.isEmpty ? nil : .prefix(Array(text.utf8))
        case .regex(let pattern, let substitution):
            path = .regex(try CompiledRegex(pattern), substitution: Array(substitution.utf8))
        case nil: path = nil
        }
        stripsQuery = action.stripQuery
        for text in [scheme, host] {
            if let text, text.contains(where: { $0 <= 0x20 || $0 == 0x7F }) {
                throw RouteError("redirect to \"\(String(decoding: text, as: UTF8.self))\": blanks and controls")
            }
        }
    }

    /// Writes the Location for a request, as Envoy computes it. `matchedLength` is the route's (`RouteEntry`).
    func writeLocation(
        _ subject: RouteSubject, _ block: borrowing HeaderBlock, matchedLength: Int?, to out: inout ByteBuffer
    ) {
        let forwardedProto = block.value(.xForwardedProto)
        block.withBytes { base in
            let scheme = scheme ?? Array(subject.scheme.name.rawBytes)
            out.writeBytes(scheme)
            out.writeStaticString("://")
            if let host {
                out.writeBytes(host)
            } else {
                let spoken: [UInt8] = forwardedProto.map { Array(base[$0]) } ?? Array(subject.scheme.name.rawBytes)
                out.writeBytes(
                    Self.requestHost(base[subject.authority], scheme: scheme, port: port, spoken: spoken))
            }
            out.writeBytes(port)
            let target = target(base, subject, matchedLength)
            if target.first != UInt8(ascii: "/") { out.writeInteger(UInt8(ascii: "/")) }
            out.writeBytes(target)
        }
    }

    private func target(_ base: UnsafeRawBufferPointer, _ subject: RouteSubject, _ matched: Int?) -> [UInt8] {
        let whole = base[subject.path]
        let query = base[subject.query]
        let plain = base[subject.pathWithoutQuery]
        var result: [UInt8]
        switch path {
        case .replace(let text, true): return text
        case .replace(let text, false): result = text + query
        case .prefix(let prefix): result = prefix + whole.dropFirst(min(matched ?? plain.count, plain.count))
        case .regex(let regex, let substitution):
            let new = regex.replacingAll(in: UnsafeRawBufferPointer(rebasing: plain), by: substitution)
            result = (new.isEmpty ? Array(plain) : new) + query
        case nil: result = Array(whole)
        }
        if stripsQuery, let mark = result.firstIndex(of: UInt8(ascii: "?")) { result.removeSubrange(mark...) }
        return result
    }

    /// The request's host; its port is left out when the redirect has one of its own, or when the scheme changes and the
    /// port was the old scheme's default.
    private static func requestHost(
        _ authority: Slice<UnsafeRawBufferPointer>, scheme: [UInt8], port: [UInt8], spoken: [UInt8]
    ) -> [UInt8] {
        let host = Array(authority)
        guard let colon = host.lastIndex(of: UInt8(ascii: ":")) else { return host }
        if host.first == UInt8(ascii: "["), colon == 0 || host[colon - 1] != UInt8(ascii: "]") { return host }
        var drops = !port.isEmpty
        if scheme != spoken {
            let given = host[colon...]
            drops =
                drops || (spoken.elementsEqual("https".utf8) && given.elementsEqual(":443".utf8))
                || (spoken.elementsEqual("http".utf8) && given.elementsEqual(":80".utf8))
        }
        return drops ? Array(host[..<colon]) : host
    }
}

/// The compiled `DirectResponse`.
final class ResponseRule: Sendable {
    let status: Int
    let body: [UInt8]
    /// Whether the response carries a Location: Envoy adds one, of the request's own address, to 201 and 3xx.
    let hasLocation: Bool

    init(_ response: DirectResponse) throws(RouteError) {
        guard (200..<600).contains(response.status) else {
            throw RouteError("direct response status \(response.status) is not from 200 to 599")
        }
        status = response.status
        body = response.body
        hasLocation = response.status == 201 || (300..<400).contains(response.status)
    }
}
