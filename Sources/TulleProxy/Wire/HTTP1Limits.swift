/// What one HTTP/1.1 message may cost before it is refused.
struct HTTP1Limits: Hashable, Sendable {
    /// The start line and all fields. Envoy's default (`max_request_headers_kb`).
    var maxHeadBytes = 60 << 10
    /// Envoy's default (`max_headers_count`).
    var maxFields = 100
    /// A longer target gets a 414. Above what nginx (8 KiB), HAProxy and Node (16 KiB) take, so that a proxy
    /// in front of them is not what refuses.
    var maxTargetBytes = 32 << 10
    /// All trailer fields of a chunked body.
    var maxTrailerBytes = 16 << 10
    /// Chunk extensions of one message. They carry nothing that anybody uses; without a bound a peer
    /// could send a gigabyte of them for a body of some bytes.
    var maxChunkExtensionBytes = 4 << 10
    /// Empty lines that are skipped before a request line (RFC 9112, 2.2: at least one).
    var maxLeadingEmptyLines = 4
}
