import TulleTelemetry

extension RouteEntry {
    /// Formats the values of the request's header mutations, from the request as it came. To be called before
    /// `rewriteRequest`, so that the context may read the head which that changes.
    ///
    /// A value never sees what another level's mutations did, which in Envoy it may.
    func formatRequestMutations(
        _ choice: ClusterChoice, _ context: some FormatContext, into values: inout MutationValues
    ) {
        values.reset()
        forEach(requestMutations, weighted(choice)?.requestMutations) {
            if $0.needsFormatting { $0.format(context, into: &values) }
        }
    }

    /// Likewise for the response; `choice` is nil for redirects and direct responses.
    func formatResponseMutations(
        _ choice: ClusterChoice?, _ context: some FormatContext, into values: inout MutationValues
    ) {
        values.reset()
        forEach(responseMutations, weighted(choice)?.responseMutations) {
            if $0.needsFormatting { $0.format(context, into: &values) }
        }
    }

    /// Makes the request what the upstream is to see: header mutations, then host, then path.
    ///
    /// Path, query and authority of `head` point at the rewritten ones afterwards. A host taken from the
    /// endpoint is set later, by `rewriteHost(_:toEndpoint:suppressEnvoyHeaders:)`.
    func rewriteRequest(
        _ head: inout RequestHead, _ subject: RouteSubject, _ choice: ClusterChoice, values: borrowing MutationValues,
        suppressEnvoyHeaders: Bool
    ) {
        let weighted = weighted(choice)
        if !requestMutations.isEmpty || weighted?.requestMutations != nil {
            var next = 0
            forEach(requestMutations, weighted?.requestMutations) {
                $0.apply(to: &head.block, values: values, next: &next)
            }
        }
        guard let forward else { return }
        if let host = weighted?.hostRewrite {
            // Envoy keeps the old host for a route's own rewrite alone.
            Self.setHost(host, of: &head, appendForwardedHost: false, keepsOld: false)
        } else {
            switch forward.hostRewrite {
            case .literal(let host):
                Self.setHost(
                    host, of: &head, appendForwardedHost: forward.appendForwardedHost,
                    keepsOld: !suppressEnvoyHeaders)
            case .header(let name):
                if let index = head.block.firstIndex(named: name) {
                    let host = head.block.withBytes { Array($0[head.block.fields[index].valueRange]) }
                    if !host.isEmpty, Self.isAuthority(host) {
                        Self.setHost(
                            host, of: &head, appendForwardedHost: forward.appendForwardedHost,
                            keepsOld: !suppressEnvoyHeaders)
                    }
                }
            case .fromEndpoint, nil: break
            }
        }
        if forward.pathRewrite != nil { rewritePath(&head, subject, keepsOld: !suppressEnvoyHeaders) }
    }

    /// Sets Host to the picked endpoint's host name, if the route wants that and the endpoint has one.
    func rewriteHost(_ head: inout RequestHead, toEndpoint host: String, suppressEnvoyHeaders: Bool) {
        guard let forward, case .fromEndpoint = forward.hostRewrite, !host.isEmpty else { return }
        Self.setHost(
            Array(host.utf8), of: &head, appendForwardedHost: forward.appendForwardedHost,
            keepsOld: !suppressEnvoyHeaders)
    }

    /// Applies the header mutations to a response; `values` come from `formatResponseMutations`.
    func mutateResponse(_ block: inout HeaderBlock, _ choice: ClusterChoice?, values: borrowing MutationValues) {
        var next = 0
        forEach(responseMutations, weighted(choice)?.responseMutations) {
            $0.apply(to: &block, values: values, next: &next)
        }
    }

    /// Whether `formatRequestMutations` has anything to do.
    func formatsRequest(_ choice: ClusterChoice) -> Bool {
        requestMutations.contains { $0.needsFormatting }
            || weighted(choice)?.requestMutations?.needsFormatting ?? false
    }

    private func weighted(_ choice: ClusterChoice?) -> ForwardRule.Weighted? {
        guard let choice, choice.weighted >= 0, let forward else { return nil }
        return forward.weighted[Int(choice.weighted)]
    }

    @inline(__always)
    private func forEach(
        _ lists: [HeaderMutationList], _ weighted: HeaderMutationList?, _ body: (HeaderMutationList) -> Void
    ) {
        if let weighted, !virtualHost.mostSpecificMutationsWin { body(weighted) }
        for list in lists { body(list) }
        if let weighted, virtualHost.mostSpecificMutationsWin { body(weighted) }
    }

    private static func isAuthority(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { ByteClass.authority[Int($0)] & 1 == 1 }
    }

    private static func setHost(
        _ host: [UInt8], of head: inout RequestHead, appendForwardedHost: Bool, keepsOld: Bool
    ) {
        let old = head.block.withBytes { Array($0[head.authority]) }
        if appendForwardedHost, !old.isEmpty { appendHost(old, to: &head.block) }
        if keepsOld, !old.isEmpty {
            head.block.remove(named: "x-envoy-original-host")
            head.block.append(name: "x-envoy-original-host", value: old)
        }
        head.authority = head.block.store(host)
    }

    /// Adds to X-Forwarded-Host, unless the host is its last value already.
    private static func appendHost(_ host: [UInt8], to block: inout HeaderBlock) {
        var value: [UInt8] = []
        if let range = block.value(.xForwardedHost) {
            value = block.withBytes { Array($0[range]) }
            if value.split(separator: UInt8(ascii: ",")).last.map({ $0.elementsEqual(host) }) ?? false { return }
            if !value.isEmpty { value.append(UInt8(ascii: ",")) }
            block.remove(.xForwardedHost)
        }
        value.append(contentsOf: host)
        block.append(name: "x-forwarded-host", value: value)
    }

    private func rewritePath(_ head: inout RequestHead, _ subject: RouteSubject, keepsOld: Bool) {
        let old = head.block.withBytes { Array($0[subject.path]) }
        let oldPath = old.prefix(subject.pathEnd - subject.path.lowerBound)
        let matched = min(matchedLength ?? oldPath.count, oldPath.count)
        var new: [UInt8]
        switch forward?.pathRewrite {
        case .prefix(let prefix): new = prefix + oldPath[matched...]
        case .regex(let regex, let substitution):
            new = oldPath.withUnsafeBytes { regex.replacingAll(in: $0, by: substitution) }
        case nil: return
        }
        // A captured group or the rest behind the prefix is the peer's: it came through the parser's checks, and so holds
        // no control bytes and no blanks.
        if keepsOld {
            head.block.remove(named: "x-envoy-original-path")
            head.block.append(name: "x-envoy-original-path", value: old)
        }
        // The substitution may itself hold a query; the request's own follows it as it stands.
        let pathCount = new.firstIndex(of: UInt8(ascii: "?")) ?? new.count
        new.append(contentsOf: old[oldPath.count...])
        let range = head.block.store(new)
        head.path = range.lowerBound..<range.lowerBound + pathCount
        head.hasQuery = pathCount < new.count
        head.query = head.hasQuery ? head.path.upperBound + 1..<range.upperBound : 0..<0
    }
}
