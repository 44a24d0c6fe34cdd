import TulleTelemetry

/// The workload behind an endpoint, as its control plane names it.
struct WorkloadName: Hashable, Sendable {
    var name = ""
    var namespace = ""
    var canonicalService = ""
    var canonicalRevision = ""
    var cluster = ""

    static let unknown = WorkloadName()

    init() {}

    /// Reads istiod's `NAME;NAMESPACE;CANONICAL;REVISION;CLUSTER`; what is missing at the end stays empty.
    init(metadata text: String) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        func part(_ index: Int) -> String { index < parts.count ? parts[index] : "" }
        name = part(0)
        namespace = part(1)
        canonicalService = part(2)
        canonicalRevision = part(3)
        cluster = part(4)
    }
}

/// What exchanges with the same labels added up to: their number, their bytes and how long they took.
struct RequestSeries: Sendable {
    /// The labels as small numbers, so that finding a series compares no text.
    struct Key: Hashable, Sendable {
        var status: Int32
        var flags: UInt32
        var workload: Int32
        /// By `PrincipalTable`.
        var principals: Int32 = 0
        var isInbound: Bool
        var isGRPC: Bool
        /// Negative when there is none.
        var grpcStatus: Int16
    }

    let key: Key
    var requestBytes: UInt64 = 0
    var responseBytes: UInt64 = 0
    var durationNanoseconds: UInt64 = 0
    /// Messages of gRPC, each way.
    var requestMessages: UInt64 = 0
    var responseMessages: UInt64 = 0
    /// By `DurationBuckets.nanoseconds`, and one more.
    var durations = [UInt64](repeating: 0, count: DurationBuckets.nanoseconds.count + 1)
    /// By `IstioMetrics.bounds` in bytes, and one more.
    var requestSizes = [UInt64](repeating: 0, count: Self.sizes.count + 1)
    var responseSizes = [UInt64](repeating: 0, count: Self.sizes.count + 1)

    /// Istio's bounds in whole bytes: what is at most half a byte is none.
    private static let sizes = IstioMetrics.bounds.map { UInt64($0) }

    init(_ key: Key) { self.key = key }

    var count: UInt64 { durations.reduce(0, &+) }

    mutating func record(_ outcome: ExchangeOutcome) {
        durations[Self.bucket(of: outcome.durationNanoseconds, in: DurationBuckets.nanoseconds)] &+= 1
        requestSizes[Self.bucket(of: outcome.requestBytes, in: Self.sizes)] &+= 1
        responseSizes[Self.bucket(of: outcome.responseBytes, in: Self.sizes)] &+= 1
        durationNanoseconds &+= outcome.durationNanoseconds
        requestBytes &+= outcome.requestBytes
        responseBytes &+= outcome.responseBytes
        requestMessages &+= outcome.requestMessages
        responseMessages &+= outcome.responseMessages
    }

    mutating func merge(_ other: RequestSeries) {
        requestBytes &+= other.requestBytes
        responseBytes &+= other.responseBytes
        requestMessages &+= other.requestMessages
        responseMessages &+= other.responseMessages
        durationNanoseconds &+= other.durationNanoseconds
        for index in durations.indices { durations[index] &+= other.durations[index] }
        for index in requestSizes.indices { requestSizes[index] &+= other.requestSizes[index] }
        for index in responseSizes.indices { responseSizes[index] &+= other.responseSizes[index] }
    }

    /// The first bound that is not below the value, by halving; six steps for sixty bounds.
    private static func bucket(of value: UInt64, in bounds: [UInt64]) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low &+ high) &>> 1
            if bounds[middle] < value { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}
