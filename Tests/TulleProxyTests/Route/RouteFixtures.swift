import NIOCore
import Testing
import TulleModel
import TulleTelemetry

@testable import TulleProxy

/// A request as the parser reads it, with what routing needs.
struct Fixture {
    var head = RequestHead()
    var subject: RouteSubject

    init(
        _ method: String = "GET", _ target: String = "/", host: String = "web.mesh",
        scheme: RouteSubject.Scheme = .http,
        headers: [(String, String)] = []
    ) {
        var buffer = ByteBuffer()
        buffer.writeString("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n")
        for (name, value) in headers { buffer.writeString("\(name): \(value)\r\n") }
        buffer.writeString("\r\n")
        var parser = HTTP1HeadParser()
        let result = parser.parse(&buffer, into: &head)
        #expect(result == .complete, "\(method) \(target)")
        subject = head.routeSubject(scheme: scheme)
    }

    func route(in table: RouteTable) -> RouteEntry? { table.match(subject, in: head.block) }

    /// What `RequestHead.write` would send, line by line, after the route's rewrites.
    mutating func rewritten(
        by table: RouteTable, random: UInt64 = 0, suppressEnvoyHeaders: Bool = false,
        context: FixtureContext = FixtureContext(), endpoint: String? = nil
    ) throws -> [String] {
        let entry = try #require(route(in: table))
        let choice = try #require(entry.forward).choose(random: random)
        var context = context
        context.head = head
        var values = MutationValues()
        entry.formatRequestMutations(choice, context, into: &values)
        entry.rewriteRequest(&head, subject, choice, values: values, suppressEnvoyHeaders: suppressEnvoyHeaders)
        if let endpoint {
            entry.rewriteHost(&head, toEndpoint: endpoint, suppressEnvoyHeaders: suppressEnvoyHeaders)
        }
        var out = ByteBuffer()
        head.write(to: &out)
        return String(buffer: out).split(separator: "\r\n").map(String.init)
    }

    func location(_ rule: RedirectRule, matchedLength: Int? = nil) -> String {
        var out = ByteBuffer()
        rule.writeLocation(subject, head.block, matchedLength: matchedLength, to: &out)
        return String(buffer: out)
    }

    func location(in table: RouteTable) throws -> String {
        let entry = try #require(route(in: table))
        return location(try #require(entry.redirect), matchedLength: entry.matchedLength)
    }
}

struct FixtureContext: FormatContext {
    var head = RequestHead()
    var values: [FormatField: String] = [.requestProtocol: "HTTP/1.1"]
    var startTime: WallTime { WallTime(seconds: 0, nanoseconds: 0) }
    var emitTime: WallTime { startTime }

    func append(_ field: FormatField, to bytes: inout [UInt8]) -> Bool {
        guard let value = values[field] else { return false }
        bytes.append(contentsOf: value.utf8)
        return true
    }

    func append(header name: [UInt8], of message: FormatMessage, to bytes: inout [UInt8]) -> Bool {
        guard message == .request, let index = head.block.firstIndex(named: name) else { return false }
        head.block.withBytes { bytes.append(contentsOf: $0[head.block.fields[index].valueRange]) }
        return true
    }
}

func forward(_ cluster: String) -> Route.Action { .forward(RouteAction(target: .cluster(cluster))) }

func route(
    _ path: RouteMatch.Path, to cluster: String = "c", headers: [HeaderMatcher] = [],
    query: [QueryParameterMatcher] = [], caseSensitive: Bool = true
) -> Route {
    Route(
        name: cluster,
        match: RouteMatch(path: path, caseSensitive: caseSensitive, headers: headers, queryParameters: query),
        action: forward(cluster))
}

func table(_ routes: [Route]) throws -> RouteTable {
    try RouteTable(
        RouteConfiguration(name: "r", virtualHosts: [VirtualHost(name: "v", domains: ["*"], routes: routes)]))
}
