import NIOCore
import TulleBalancing
import TulleModel

/// What a forwarded request says that the original did not.
extension Exchange {
    /// Host and path as the connection manager wants them before routing; a refusal where they cannot be.
    func normalizeTarget() -> Failure? {
        let manager = runtime.manager
        if manager.stripAnyHostPort || manager.stripMatchingHostPort { stripHostPort() }
        if manager.stripTrailingHostDot { stripHostDot() }
        if isConnect || request.targetForm == .asterisk || request.path.isEmpty { return nil }
        guard manager.normalizePath || manager.mergeSlashes || manager.escapedSlashes != .keepUnchanged else {
            return nil
        }
        let path = request.block.withBytes { Array($0[request.path]) }
        switch PathNormalizer(manager).normalize(path) {
        case .unchanged: return nil
        case .changed(let new):
            request.path = request.block.store(new)
            return nil
        case .invalid:
            closesDownstream = true
            return .invalidPath
        case .redirect(let new): return .redirectToNormalized(new)
        }
    }

    private func stripHostPort() {
        let authority = request.block.withBytes { Array($0[request.authority]) }
        guard let colon = authority.lastIndex(of: 0x3A), !authority[colon...].contains(0x5D) else { return }
        if !runtime.manager.stripAnyHostPort {
            let port = Int(String(decoding: authority[(colon + 1)...], as: UTF8.self))
            guard port == connection.localAddress?.port else { return }
        }
        request.authority = request.authority.lowerBound..<request.authority.lowerBound + colon
    }

    private func stripHostDot() {
        let authority = request.block.withBytes { Array($0[request.authority]) }
        let colon = authority.lastIndex(of: 0x3A) ?? authority.count
        guard colon > 0, authority[colon - 1] == 0x2E else { return }
        request.authority = request.block.store(Array(authority[..<(colon - 1)] + authority[colon...]))
    }

    /// `x-forwarded-for`, `x-forwarded-proto`, `x-request-id` and `via`, as the connection manager is told.
    func addForwardingFields() {
        let manager = runtime.manager
        if manager.useRemoteAddress, !manager.skipXFFAppend {
            let ip = connection.remoteIP
            request.block.appendToList(.xForwardedFor, ip)
        }
        if manager.useRemoteAddress, manager.xffTrustedHops == 0 { request.block.remove(.xForwardedProto) }
        if !request.block.contains(.xForwardedProto) {
            request.block.append(name: "x-forwarded-proto", value: connection.isSecure ? "https" : "http")
        }
        if manager.generateRequestID {
            // An edge makes its own ids, so that a stranger cannot choose what the logs are searched by.
            if manager.useRemoteAddress, !manager.preserveExternalRequestID { request.block.remove(.xRequestID) }
            if !request.block.contains(.xRequestID) {
                let (high, low) = (worker.random.next(), worker.random.next())
                request.block.append(name: "x-request-id") { $0.writeUUID(high, low) }
            }
        }
        if !manager.via.isEmpty { request.block.appendToList(.via, manager.via, separator: ", ") }
        forwardClientCertificate(manager.clientCertificate.action)
    }

    /// `x-forwarded-client-cert`: a client without a certificate says nothing of one.
    private func forwardClientCertificate(_ action: ForwardedClientCertificate.Action) {
        switch action {
        case .alwaysForwardOnly: return
        case .forwardOnly where connection.peer != nil: return
        case .appendForward, .sanitizeSet, .forwardOnly, .sanitize: break
        }
        if action != .appendForward || connection.peer == nil { request.block.remove(.xForwardedClientCert) }
        if let own = connection.clientCertificateField { request.block.appendToList(.xForwardedClientCert, own) }
    }

    /// Makes the request's head as it goes upstream.
    func prepareRequest() {
        if !isPrepared {
            isPrepared = true
            prepareRequestFields()
        }
        if route?.virtualHost.includeRequestAttemptCount ?? false {
            request.block.remove(named: "x-envoy-attempt-count")
            request.block.append(name: "x-envoy-attempt-count", value: UInt64(attempts))
        }
        passDeadlineOn()
    }

    /// Done once, before the first attempt: rewrites, hop-by-hop fields, mutations.
    private func prepareRequestFields() {
        request.block.removeHopByHop(nominated: request.nominatesFields, keepingUpgrade: isUpgrade)
        if isUpgrade { addWebSocketKey() }
        if request.acceptsTrailers { request.block.append(name: "te", value: "trailers") }
        if !runtime.suppressesEnvoyHeaders { addEnvoyFields() }
        rewriteRequest()
    }

    /// Clients of RFC 8441 send no key, and servers of RFC 6455 refuse to go without.
    private func addWebSocketKey() {
        guard request.proto != nil, upstreamVersion == .http1, !request.block.contains(.secWebSocketKey),
            let asked = request.block.value(.upgrade),
            request.block.equals(asked, lowercase: "websocket")
        else { return }
        let (high, low) = (worker.random.next(), worker.random.next())
        request.block.append(name: "sec-websocket-key") { $0.writeBase64(high, low) }
    }

    /// What Envoy tells an upstream of the time it has.
    private func addEnvoyFields() {
        // A wish of the caller's, of which the upstream is told what came of it.
        if request.block.contains(.xEnvoy) { request.block.remove(named: "x-envoy-upstream-rq-timeout-ms") }
        guard let forward = route?.forward, !isConnect else { return }
        var timeout = forward.timeout ?? .zero
        if let perTry = forward.retryPolicy?.perTryTimeout.asTimeAmount, perTry > .zero {
            timeout = timeout > .zero ? min(timeout, perTry) : perTry
        }
        guard timeout > .zero else { return }
        request.block.remove(named: "x-envoy-expected-rq-timeout-ms")
        request.block.append(
            name: "x-envoy-expected-rq-timeout-ms", value: UInt64(max(0, timeout.nanoseconds / 1_000_000)))
    }

    /// The route's header mutations and rewrites.
    private func rewriteRequest() {
        guard let route else { return }
        var values = worker.takeMutationValues()
        if route.formatsRequest(choice) {
            route.formatRequestMutations(choice, ExchangeFormat(self), into: &values)
        }
        route.rewriteRequest(
            &request, subject, choice, values: values, suppressEnvoyHeaders: runtime.suppressesEnvoyHeaders)
        worker.giveBack(values)
        if let host {
            route.rewriteHost(
                &request, toEndpoint: host.endpoint.hostname, suppressEnvoyHeaders: runtime.suppressesEnvoyHeaders)
        }
    }
}

extension HeaderBlock {
    /// Adds to a field that is a list, behind the values of all its lines, which become one.
    mutating func appendToList(_ known: KnownHeader, _ value: String, separator: String = ",") {
        guard let before = joined(known, by: separator) else { return append(name: known.lowercased, value: value) }
        remove(known)
        append(name: known.lowercased, value: "\(before)\(separator)\(value)")
    }
}

extension ByteBuffer {
    /// Writes a random (version 4) UUID made of two random numbers.
    mutating func writeUUID(_ high: UInt64, _ low: UInt64) {
        let high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        reserveCapacity(minimumWritableBytes: 36)
        writeHex(high >> 32, digits: 8)
        writeInteger(0x2D as UInt8)
        writeHex(high >> 16 & 0xFFFF, digits: 4)
        writeInteger(0x2D as UInt8)
        writeHex(high & 0xFFFF, digits: 4)
        writeInteger(0x2D as UInt8)
        writeHex(low >> 48, digits: 4)
        writeInteger(0x2D as UInt8)
        writeHex(low & 0xFFFF_FFFF_FFFF, digits: 12)
    }

    /// Writes sixteen bytes in Base64.
    mutating func writeBase64(_ high: UInt64, _ low: UInt64) {
        let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        var shift = 122
        while shift >= -4 {
            // 128 bits in steps of six; the last digit has two bits of its own and four of nothing.
            let part: UInt64
            if shift >= 64 {
                part = high >> UInt64(shift - 64)
            } else if shift > 58 {
                part = high << UInt64(64 - shift) | low >> UInt64(shift)
            } else if shift >= 0 {
                part = low >> UInt64(shift)
            } else {
                part = low << 4
            }
            writeInteger(digits.rawBytes[Int(part & 63)])
            shift -= 6
        }
        writeInteger(0x3D3D as UInt16)
    }

    /// In lower case.
    mutating func writeHex(_ value: UInt64, digits: Int) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: digits) { out in
            var rest = value
            var index = digits - 1
            while index >= 0 {
                let digit = UInt8(truncatingIfNeeded: rest & 15)
                out[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
                rest >>= 4
                index -= 1
            }
            return digits
        }
    }
}
