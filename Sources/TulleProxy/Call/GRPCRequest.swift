import TulleModel

/// Whom a call goes to, and what its request's head says.
struct GRPCRequest {
    /// `/package.Service/Method`.
    let path: String
    let authority: String
    private let isSecure: Bool
    private let block: HeaderBlock

    /// - Throws: `invalidArgument` for a path or metadata that no field may hold.
    init(path: String, to server: CallServer, metadata: [(name: String, value: String)]) throws(GRPCError) {
        guard path.utf8.first == 0x2F, Self.isTarget(path) else {
            throw GRPCError(.invalidArgument, "the path \"\(path)\" is not /SERVICE/METHOD")
        }
        self.path = path
        authority = server.authority
        if case .secure = server { isSecure = true } else { isSecure = false }
        var block = HeaderBlock()
        block.append(name: "content-type", value: "application/grpc")
        // Some proxies drop trailers unless they are asked for (`grpc/doc/PROTOCOL-HTTP2.md`).
        block.append(name: "te", value: "trailers")
        block.append(name: "user-agent", value: "tulle-proxy/\(TulleVersion.number)")
        for (name, value) in metadata {
            guard Self.isName(name), Self.isValue(value) else {
                throw GRPCError(.invalidArgument, "metadata \"\(name)\": is not a field that can be sent")
            }
            block.append(name: Array(name.utf8), value: Array(value.utf8))
        }
        self.block = block
    }

    var http2Bound: Int { block.http2Bound &+ path.utf8.count &+ authority.utf8.count &+ 128 }

    func writeHTTP2(to writer: inout HeadWriter) {
        HPACKEncoder.method(.post, UnsafeRawBufferPointer(HTTPMethod.post.name.rawBytes), to: &writer)
        HPACKEncoder.scheme(https: isSecure, to: &writer)
        var path = path
        path.withUTF8 { HPACKEncoder.path(UnsafeRawBufferPointer($0), nil, to: &writer) }
        var authority = authority
        authority.withUTF8 { HPACKEncoder.authority(UnsafeRawBufferPointer($0), to: &writer) }
        block.writeHTTP2Fields(to: &writer)
    }

    private static func isTarget(_ text: String) -> Bool {
        text.utf8.allSatisfy { ByteClass.target[Int($0)] & 1 == 1 }
    }

    /// A token; what begins with `grpc-` or a colon is not the caller's to say.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count < 1024 && !text.hasPrefix("grpc-")
            && text.utf8.allSatisfy { ByteClass.token[Int($0)] & 1 == 1 }
    }

    private static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }
    }
}
