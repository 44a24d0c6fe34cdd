/// The life of a request through the data plane: its stages, in the order in which bytes meet them.
///
/// This is the table of contents of `TulleProxy`: it holds no code. `docs/life-of-a-request.md` draws it.
///
/// | Stage | Room | What happens | Types to read first |
/// |---|---|---|---|
/// | accept | `Accept/` | a socket of a worker's own takes a connection; limits | `ListenerRuntime`, `DownstreamHTTP1Handler`, `DownstreamHTTP2Handler` |
/// | detect | `Detect/` | original destination, TLS, HTTP/1, HTTP/2 or opaque; the filter chain is chosen | `DetectHandler`, `ProtocolSniffer`, `FilterChainIndex` |
/// | secure | `Secure/` | TLS is agreed on, and who the peer is; then its handler comes in | `HandshakeHandler`, `SecureContext`, `ServedChain` |
/// | decode | `Wire/` | bytes become a head, a body, trailers; smuggling ends here | `HTTP1HeadParser`, `HTTP1BodyDecoder`, `HeaderBlock` |
/// | | `Wire/HTTP2/` | frames become events of streams; windows, floods | `HTTP2Machine`, `HTTP2FrameReader`, `HTTP2Guard` |
/// | | `Wire/HPACK/` | field blocks become the same heads, and back | `HPACKDecoder`, `HPACKEncoder`, `FieldSection` |
/// | admit | `Exchange/` | versions, upgrades, normal paths, forwarding fields | `Exchange`, `DownstreamSide`, `PathNormalizer` |
/// | | `GRPC/` | gRPC is recognised, gRPC-Web becomes gRPC | `Exchange+GRPC`, `GRPCWebBridge` |
/// | route | `Route/` | virtual host, route, weighted cluster; asks the control plane where it must | `RouteTable`, `RouteEntry` |
/// | | `Admit/` | RBAC: who may do what, for connections (behind detection and TLS) and for requests (behind routing) | `AccessRules`, `AdmissionRuntime` |
/// | balance | `Connect/` | a host of the cluster, by its policy | `ClusterRuntime`, `TulleBalancing.Balancer` |
/// | connect | `Connect/` | a pooled connection, a stream of a shared one, or a new one | `UpstreamHost`, `UpstreamSide` |
/// | relay | `Exchange/`, `Relay/` | bodies both ways, back-pressure; tunnels and TCP | `Exchange`, `RelaySession`, `RelayOpener`, `TunnelConnection` |
/// | rescue | `Rescue/` | failures become another attempt, or the one answer that says why | `Failure`, `Exchange+Rescue` |
/// | record | `Record/` | counters, histograms, a log line | `WorkerStats`, `ExchangeFormat` |
/// | drain | `Worker/` | an end without a broken exchange | `Worker.drain`, `Proxy.drain` |
///
/// Around them: `Snapshot/` compiles configuration off the loops (`Configurator`), `Worker/` is a loop with all it
/// owns, `Time/` its timers, `Admin/` the window for people and scrapers.
enum Pipeline {}
