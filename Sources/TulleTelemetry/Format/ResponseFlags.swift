/// Why an answer is what it is, in Envoy's letters (`%RESPONSE_FLAGS%`).
public struct ResponseFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    // The bits are the order in which Envoy prints them (`CORE_RESPONSE_FLAGS`).
    public static let failedLocalHealthCheck = Self(rawValue: 1 << 0)
    public static let noHealthyUpstream = Self(rawValue: 1 << 1)
    public static let upstreamRequestTimeout = Self(rawValue: 1 << 2)
    public static let localReset = Self(rawValue: 1 << 3)
    public static let upstreamRemoteReset = Self(rawValue: 1 << 4)
    public static let upstreamConnectionFailure = Self(rawValue: 1 << 5)
    public static let upstreamConnectionTermination = Self(rawValue: 1 << 6)
    public static let upstreamOverflow = Self(rawValue: 1 << 7)
    public static let noRouteFound = Self(rawValue: 1 << 8)
    public static let delayInjected = Self(rawValue: 1 << 9)
    public static let faultInjected = Self(rawValue: 1 << 10)
    public static let rateLimited = Self(rawValue: 1 << 11)
    public static let unauthorizedExternalService = Self(rawValue: 1 << 12)
    public static let rateLimitServiceError = Self(rawValue: 1 << 13)
    public static let downstreamConnectionTermination = Self(rawValue: 1 << 14)
    public static let upstreamRetryLimitExceeded = Self(rawValue: 1 << 15)
    public static let streamIdleTimeout = Self(rawValue: 1 << 16)
    public static let invalidEnvoyRequestHeaders = Self(rawValue: 1 << 17)
    public static let downstreamProtocolError = Self(rawValue: 1 << 18)
    public static let upstreamMaxStreamDurationReached = Self(rawValue: 1 << 19)
    public static let responseFromCacheFilter = Self(rawValue: 1 << 20)
    public static let noFilterConfigFound = Self(rawValue: 1 << 21)
    public static let durationTimeout = Self(rawValue: 1 << 22)
    public static let upstreamProtocolError = Self(rawValue: 1 << 23)
    public static let noClusterFound = Self(rawValue: 1 << 24)
    public static let overloadManagerTerminated = Self(rawValue: 1 << 25)
    public static let dnsResolutionFailed = Self(rawValue: 1 << 26)
    public static let dropOverload = Self(rawValue: 1 << 27)
    public static let downstreamRemoteReset = Self(rawValue: 1 << 28)

    private static let names: [(short: StaticString, long: StaticString)] = [
        ("LH", "FailedLocalHealthCheck"), ("UH", "NoHealthyUpstream"), ("UT", "UpstreamRequestTimeout"),
        ("LR", "LocalReset"), ("UR", "UpstreamRemoteReset"), ("UF", "UpstreamConnectionFailure"),
        ("UC", "UpstreamConnectionTermination"), ("UO", "UpstreamOverflow"), ("NR", "NoRouteFound"),
        ("DI", "DelayInjected"), ("FI", "FaultInjected"), ("RL", "RateLimited"),
        ("UAEX", "UnauthorizedExternalService"), ("RLSE", "RateLimitServiceError"),
        ("DC", "DownstreamConnectionTermination"), ("URX", "UpstreamRetryLimitExceeded"),
        ("SI", "StreamIdleTimeout"), ("IH", "InvalidEnvoyRequestHeaders"), ("DPE", "DownstreamProtocolError"),
        ("UMSDR", "UpstreamMaxStreamDurationReached"), ("RFCF", "ResponseFromCacheFilter"),
        ("NFCF", "NoFilterConfigFound"), ("DT", "DurationTimeout"), ("UPE", "UpstreamProtocolError"),
        ("NC", "NoClusterFound"), ("OM", "OverloadManagerTerminated"), ("DF", "DnsResolutionFailed"),
        ("DO", "DropOverload"), ("DR", "DownstreamRemoteReset"),
    ]

    /// Appends the flags' names, separated by commas; returns whether there was one.
    public func append(to bytes: inout [UInt8], long: Bool = false) -> Bool {
        var rest = rawValue
        while rest != 0 {
            let bit = rest.trailingZeroBitCount
            rest &= rest - 1
            guard bit < Self.names.count else { break }
            let name = long ? Self.names[bit].long : Self.names[bit].short
            name.withUTF8Buffer { bytes.append(contentsOf: $0) }
            if rest != 0 { bytes.append(UInt8(ascii: ",")) }
        }
        return rawValue != 0
    }
}
