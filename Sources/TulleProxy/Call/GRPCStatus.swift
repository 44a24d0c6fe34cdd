import NIOCore

/// What the fields of a response say about how its call goes, or how it ended.
enum GRPCStatus {
    /// Why the head is not a gRPC server's; nil when the call goes on, or has ended by a status of its own.
    static func fault(of head: ResponseHead) -> GRPCError? {
        if head.block.contains(.grpcStatus) { return nil }
        guard head.status == 200 else {
            return GRPCError(GRPCCode(httpStatus: head.status), "the server answered with HTTP status \(head.status)")
        }
        guard let type = head.block.value(.contentType) else {
            return GRPCError(.unknown, "the answer has no content-type")
        }
        guard head.block.withBytes({ HeaderBlock.isGRPC(UnsafeRawBufferPointer(rebasing: $0[type])) }) else {
            return GRPCError(.unknown, "the answer is \(head.block.string(type)), not application/grpc")
        }
        return nil
    }

    /// How the call ended, by its trailers or by a head that is all there is.
    static func outcome(_ block: HeaderBlock) -> Result<Void, GRPCError> {
        guard let status = block.value(.grpcStatus) else {
            return .failure(GRPCError(.unknown, "the server ended the call without a grpc-status"))
        }
        let number = block.string(status)
        if number == "0" { return .success(()) }
        // A code that is not known counts as UNKNOWN, as a number that is none does.
        let code = Int(number).flatMap { GRPCCode(rawValue: $0) } ?? .unknown
        let message = block.value(.grpcMessage).map { message in block.withBytes { decoded($0[message]) } }
        return .failure(GRPCError(code == .ok ? .unknown : code, message ?? ""))
    }

    /// Undoes percent-encoding; what is no encoding stays as it is, so that no error text is lost.
    private static func decoded(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == 0x25, rest.count >= 2, let high = ByteClass.hexValue(rest[rest.startIndex]),
                let low = ByteClass.hexValue(rest[rest.startIndex + 1])
            {
                text.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
