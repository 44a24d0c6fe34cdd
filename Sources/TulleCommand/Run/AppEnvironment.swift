/// The environment that the meshed command gets: its own, with the sidecar as its HTTP proxy.
enum AppEnvironment {
    /// Never through the sidecar: the app talking to itself, its debugger, its localhost database.
    static let direct = ["localhost", "127.0.0.1", "::1"]

    static func build(_ plan: RunPlan, over own: [String: String]) -> [String: String] {
        var environment = own
        let proxy = "http://127.0.0.1:\(plan.httpProxy)"
        for name in ["http_proxy", "HTTP_PROXY"] { environment[name] = proxy }
        // A company's proxy for TLS stays: mesh traffic between services is plain HTTP up to the sidecar.
        if (own["https_proxy"] ?? "").isEmpty, (own["HTTPS_PROXY"] ?? "").isEmpty {
            for name in ["https_proxy", "HTTPS_PROXY"] { environment[name] = proxy }
        }
        let given = [own["no_proxy"], own["NO_PROXY"]].compactMap(\.self).first { !$0.isEmpty } ?? ""
        let kept = given.split(separator: ",").map(String.init).filter { !direct.contains($0) }
        let noProxy = (direct + kept).joined(separator: ",")
        for name in ["no_proxy", "NO_PROXY"] { environment[name] = noProxy }
        // Node 24 and later obey http_proxy only when asked to.
        if own["NODE_USE_ENV_PROXY"] == nil { environment["NODE_USE_ENV_PROXY"] = "1" }

        environment["TULLE_WORKLOAD"] = plan.name
        environment["TULLE_HTTP_PROXY"] = proxy
        environment["TULLE_PROXY_ADMIN"] = "127.0.0.1:\(plan.admin)"
        for upstream in plan.upstreams.reversed() {
            let address = "127.0.0.1:\(upstream.listen)"
            // Reversed, so that the first of several ports of one service gets the short name.
            environment["TULLE_UPSTREAM_" + variable(upstream.service)] = address
            environment["TULLE_UPSTREAM_" + variable(upstream.service) + "_\(upstream.port)"] = address
        }
        return environment
    }

    /// A service's name as part of a variable's name: `order-db` is `ORDER_DB`.
    static func variable(_ service: String) -> String {
        String(service.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }
}
