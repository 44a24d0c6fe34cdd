/// What routing looks at of a request: ranges into its `HeaderBlock`'s bytes.
struct RouteSubject {
    var method: Range<Int>
    /// Host with its port, if one was given. Empty when there is none.
    var authority: Range<Int>
    /// The path with its query; empty for CONNECT.
    var path: Range<Int>
    /// Where the path ends and the query, with its `?`, begins; the path's upper bound when there is no query.
    var pathEnd: Int
    var scheme: Scheme
    var isConnect: Bool

    enum Scheme: UInt8 {
        case http, https

        var name: StaticString { self == .http ? "http" : "https" }
    }

    @inline(__always) var pathWithoutQuery: Range<Int> { path.lowerBound..<pathEnd }
    @inline(__always) var query: Range<Int> { pathEnd..<path.upperBound }
}

extension RequestHead {
    /// The request as routing sees it. `scheme` is that of the downstream connection, or what a trusted peer says it was.
    ///
    /// Stores bytes behind the head in two rare cases: a target without a path, which stands for `/` (RFC 9112,
    /// 3.2.1), and a path that was rewritten away from its query.
    mutating func routeSubject(scheme: RouteSubject.Scheme) -> RouteSubject {
        let isConnect = method == .connect
        var whole = 0..<0
        var end = 0
        if !isConnect {
            if !path.isEmpty, let together = pathAndQuery {
                whole = together
                end = path.upperBound
            } else {
                let path = path
                let query = query
                let hasQuery = hasQuery
                var joined: [UInt8] = path.isEmpty ? [UInt8(ascii: "/")] : []
                block.withBytes { base in
                    joined.append(contentsOf: base[path])
                    end = joined.count
                    if hasQuery {
                        joined.append(UInt8(ascii: "?"))
                        joined.append(contentsOf: base[query])
                    }
                }
                whole = block.store(joined)
                end += whole.lowerBound
            }
        }
        return RouteSubject(
            method: methodRange, authority: authority, path: whole, pathEnd: end, scheme: scheme,
            isConnect: isConnect)
    }

    /// The virtual host for the request, or nil.
    ///
    /// This and `match` change nothing. They are mutating so that a head that lives in an object is used in place: passing
    /// its block as an argument would copy it, which counts four references, a multiple of what the look-up costs.
    mutating func lookUpVirtualHost(_ subject: RouteSubject, in table: RouteTable) -> VirtualHostTable? {
        table.lookUpVirtualHost(subject, in: block)
    }

    /// The virtual host's route for the request, or nil.
    mutating func match(_ subject: RouteSubject, in host: VirtualHostTable) -> RouteEntry? {
        host.match(subject, in: block)
    }

    /// The route for the request, or nil.
    mutating func match(_ subject: RouteSubject, in table: RouteTable) -> RouteEntry? {
        table.match(subject, in: block)
    }
}
