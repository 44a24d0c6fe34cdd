import NIOCore
import TulleModel

/// What an exchange does differently when it is gRPC.
extension Exchange {
    /// Notes whether the request is gRPC, which its content-type says.
    func recognizeGRPC() {
        guard let type = request.block.value(.contentType) else { return }
        if runtime.bridgesGRPCWeb,
            let bridge = request.block.withBytes({
                GRPCWebBridge(contentType: UnsafeRawBufferPointer(rebasing: $0[type]))
            })
        {
            bridge.bridge(&request)
            webBridge = bridge
            isGRPC = true
            return
        }
        isGRPC = request.block.withBytes { HeaderBlock.isGRPC(UnsafeRawBufferPointer(rebasing: $0[type])) }
    }

    /// Bounds the exchange by the deadline that its caller gave it, where the route honours that.
    func takeDeadline(_ forward: ForwardRule) {
        guard isGRPC, let most = forward.grpcTimeoutMax, let value = request.block.value(.grpcTimeout),
            var timeout = request.block.withBytes({ GRPCTimeout.parse(UnsafeRawBufferPointer(rebasing: $0[value])) })
        else { return }
        if timeout > forward.grpcTimeoutOffset { timeout = timeout - forward.grpcTimeoutOffset }
        if most > .zero { timeout = min(timeout, most) }
        // A century away is as good as never, and cannot overflow the clock.
        guard timeout < .hours(24 * 365 * 100) else { return }
        deadline = startTime + timeout
        durationIsRoutes = true
        limitDuration(to: timeout)
    }

    /// Passes the deadline on, shortened by the time that is gone, in place of what the caller said.
    func passDeadlineOn() {
        guard let deadline else { return }
        request.block.remove(.grpcTimeout)
        let left = deadline - .now()
        request.block.append(name: "grpc-timeout") { GRPCTimeout.write(left, to: &$0) }
    }

    /// Turns our own answer into one that a gRPC client understands: its status in the head of a response without a body.
    func makeReplyGRPC(_ failure: Failure?, body: [UInt8]) {
        let status = (failure?.grpcCode ?? GRPCCode(httpStatus: response.status)).rawValue
        response.status = 200
        response.block.remove(.contentType)
        response.block.append(
            name: "content-type", value: webBridge?.contentType ?? Array("application/grpc".utf8))
        response.block.append(name: "grpc-status", value: UInt64(status))
        if !body.isEmpty {
            response.block.append(name: "grpc-message") { out in
                for byte in body {
                    // Visible ASCII but for `%` stands for itself (gRPC over HTTP/2, "Status-Message").
                    if (0x20...0x7E).contains(byte), byte != 0x25 {
                        out.writeInteger(byte)
                    } else {
                        out.writeInteger(UInt8(ascii: "%"))
                        out.writeInteger(ByteClass.hexDigit(byte >> 4))
                        out.writeInteger(ByteClass.hexDigit(byte & 15))
                    }
                }
            }
        }
        grpcStatus = status
    }

    /// Ends a call whose messages have begun to pass: with trailers that say why, which a reset would not.
    func endCall(_ failure: Failure) {
        var trailers = HeaderBlock()
        trailers.append(name: "grpc-status", value: UInt64(failure.grpcCode.rawValue))
        trailers.append(name: "grpc-message", value: failure.text)
        responseTrailers = trailers
        grpcStatus = failure.grpcCode.rawValue
        downstream?.writeEnd(of: self, trailers: trailers)
        flushDownstream()
        finish()
    }

    /// Reads `grpc-status` where the response has it: in its trailers, or in its head when that is all there is.
    func readGRPCStatus() {
        guard isGRPC, grpcStatus < 0 else { return }
        if let trailers = responseTrailers, let status = trailers.grpcStatus {
            grpcStatus = status
        } else if let status = response.block.grpcStatus {
            grpcStatus = status
        }
    }

    /// Whether the response's head carries a status that the policy wants to be tried again.
    func isRetriable(grpc conditions: Set<RetryPolicy.Condition>) -> Bool {
        guard isGRPC, let status = response.block.grpcStatus else { return false }
        switch GRPCCode(rawValue: status) {
        case .cancelled: return conditions.contains(.grpcCancelled)
        case .deadlineExceeded: return conditions.contains(.grpcDeadlineExceeded)
        case .resourceExhausted: return conditions.contains(.grpcResourceExhausted)
        case .internalError: return conditions.contains(.grpcInternal)
        case .unavailable: return conditions.contains(.grpcUnavailable)
        default: return false
        }
    }
}

extension HeaderBlock {
    /// `application/grpc`, or that with `+` and more or with parameters.
    static func isGRPC(_ type: UnsafeRawBufferPointer) -> Bool {
        let name: StaticString = "application/grpc"
        let length = name.utf8CodeUnitCount
        guard type.count >= length,
            ByteClass.equal(UnsafeRawBufferPointer(rebasing: type[..<length]), name.rawBytes)
        else { return false }
        return type.count == length || type[length] == UInt8(ascii: "+") || type[length] == UInt8(ascii: ";")
    }

    /// Nil where there is none, or what is there is no number of a status.
    var grpcStatus: Int? {
        guard let range = value(.grpcStatus), (1...3).contains(range.count) else { return nil }
        return withBytes { base in
            var number = 0
            for index in range {
                let digit = base[index] &- 0x30
                guard digit < 10 else { return nil }
                number = number * 10 + Int(digit)
            }
            return number
        }
    }
}

extension Failure {
    /// What a gRPC client is told. A deadline is told from a service that is away, since calls may be repeated on the latter.
    var grpcCode: GRPCCode {
        switch self {
        case .durationExceeded, .requestTimeout, .attemptTimeout: .deadlineExceeded
        default: GRPCCode(httpStatus: status)
        }
    }
}
