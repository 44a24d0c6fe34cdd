import NIOCore
import TulleBalancing
import TulleModel
import TulleTelemetry

/// One request and its response inside the proxy: what is known of them, and how far they are.
///
/// The stages of its life stand in extensions, in the order of `Pipeline.swift`. Exchanges are used again: a worker
/// keeps a pool of them with their storage, and an idle connection holds none.
final class Exchange {
    enum Phase {
        /// In the pool.
        case unused
        /// The head is being read.
        case receiving
        /// Waiting for the control plane to tell of a route, a cluster or its endpoints.
        case demanding(Demand)
        /// A tunnel is open downstream, and its first bytes are awaited.
        case detecting
        /// Waiting for a name to be resolved.
        case resolving
        /// Waiting for a connection to `host`.
        case connecting
        /// The request is on its way, or there; the response has not begun.
        case awaiting
        case responding
        /// Waiting before the next attempt.
        case backingOff
        /// Our own answer is written; the rest of the request is read and thrown away, so that the connection may live on.
        case discarding
        case ended
    }

    let worker: Worker
    var phase = Phase.unused

    // Downstream.
    private(set) var downstream: (any DownstreamSide)?
    private(set) var runtime: HTTPRuntime!
    private(set) var connection: DownstreamConnection!
    var request = RequestHead()
    var response = ResponseHead()
    var startTime = NIODeadline.uptimeNanoseconds(0)
    /// Whether the whole request has been read.
    var requestIsComplete = false
    var requestBytes: UInt64 = 0
    var responseBytes: UInt64 = 0
    /// Whether bytes of the response have been written downstream.
    var responseHasBegun = false
    /// Whether the chunked framing of the response is written here, as it is where it was taken off.
    var writesChunks = false
    /// Complete when the response has ended.
    var responseTrailers: HeaderBlock?
    /// Whether the response's body does not go downstream (HEAD, 204, 304).
    var responseHasNoBody = false
    var closesDownstream = false

    // Route.
    var binding: RouteBinding?
    var route: RouteEntry?
    /// The cluster chosen for it; negative numbers while none is.
    var choice = ClusterChoice(cluster: -1, weighted: -1)
    var subject = RouteSubject(
        method: 0..<0, authority: 0..<0, path: 0..<0, pathEnd: 0, scheme: .http, isConnect: false)
    var isConnect = false
    var isUpgrade = false

    // gRPC.
    var isGRPC = false
    /// Set where the client speaks gRPC-Web.
    var webBridge: GRPCWebBridge?
    /// When the caller gives up, where it said so and the route honours it.
    var deadline: NIODeadline?
    /// The call's outcome; negative while none is known.
    var grpcStatus = -1
    var requestMessages = GRPCMessageCounter()
    var responseMessages = GRPCMessageCounter()

    // Upstream.
    var cluster: ClusterRuntime?
    /// The name of a cluster that a header chose, or that was not found.
    var clusterName: String {
        if let cluster { return cluster.name }
        guard choice.cluster >= 0, let names = binding?.table?.clusterNames, Int(choice.cluster) < names.count else {
            return ""
        }
        return names[Int(choice.cluster)]
    }
    var host: UpstreamHost?
    var upstream: (any UpstreamSide)?
    /// What the last attempt's connection spoke.
    var upstreamVersion: WireVersion?
    var opener: (any Cancellable)?
    /// Counts the names looked up, over all requests that the exchange has served.
    var resolutions: UInt64 = 0
    var attempts = 0
    var retriesLeft = 0
    var tried = TriedEndpoints()
    var requestIsSent = false
    /// The endpoint of the attempt before, for the record.
    var lastHost: UpstreamHost?
    /// Whether the request's fields are as they go upstream; done once, before the first attempt.
    var isPrepared = false
    var upstreamStart = NIODeadline.uptimeNanoseconds(0)

    // The request's body, as far as it may have to be sent (again).
    var bodyParts: CircularBuffer<ByteBuffer> = []
    var bodyPartBytes = 0
    /// How many of `bodyParts` the current upstream has been given.
    var bodyPartsSent = 0
    /// Whether `bodyParts` still holds the body from its beginning.
    var canReplay = true
    var requestTrailers: HeaderBlock?

    // Outcome, for the record.
    var flags = ResponseFlags()
    var detail: StaticString = "via_upstream"
    var failureReason = ""
    /// Takes the place of `detail` where a policy, or the lack of one, denied the request.
    var denialDetail: String?

    let requestTimer = Timer(.request)
    let attemptTimer = Timer(.attempt)
    let streamTimer = Timer(.stream)
    let waitTimer = Timer(.demand)
    let durationTimer = Timer(.duration)
    /// Whether it is the route that bounds the duration, and not the connection manager.
    var durationIsRoutes = false
    var wasActive = false

    init(worker: Worker) { self.worker = worker }

    /// Takes the exchange out of the pool for a request of this connection.
    func attach(to downstream: any DownstreamSide, runtime: HTTPRuntime, connection: DownstreamConnection) {
        self.downstream = downstream
        self.runtime = runtime
        self.connection = connection
        phase = .receiving
    }

    /// Makes the exchange as new, but for the storage of its heads.
    func reset() {
        worker.wheel.cancel(requestTimer)
        worker.wheel.cancel(attemptTimer)
        worker.wheel.cancel(streamTimer)
        worker.wheel.cancel(waitTimer)
        worker.wheel.cancel(durationTimer)
        phase = .unused
        downstream = nil
        runtime = nil
        connection = nil
        requestIsComplete = false
        requestBytes = 0
        responseBytes = 0
        responseHasBegun = false
        writesChunks = false
        responseTrailers = nil
        responseHasNoBody = false
        closesDownstream = false
        binding = nil
        route = nil
        choice = ClusterChoice(cluster: -1, weighted: -1)
        isConnect = false
        isUpgrade = false
        isGRPC = false
        webBridge = nil
        deadline = nil
        grpcStatus = -1
        requestMessages = GRPCMessageCounter()
        responseMessages = GRPCMessageCounter()
        cluster = nil
        host = nil
        upstream = nil
        upstreamVersion = nil
        opener = nil
        attempts = 0
        retriesLeft = 0
        tried = TriedEndpoints()
        requestIsSent = false
        lastHost = nil
        isPrepared = false
        if !bodyParts.isEmpty { bodyParts.removeAll() }
        bodyPartBytes = 0
        bodyPartsSent = 0
        canReplay = true
        requestTrailers = nil
        flags = []
        detail = "via_upstream"
        if !failureReason.isEmpty { failureReason = "" }
        denialDetail = nil
        wasActive = false
        durationIsRoutes = false
    }

    // MARK: Flow between the two sides

    var wantsRequestBody: Bool {
        switch phase {
        case .awaiting, .responding: upstream?.isWritable ?? true
        case .receiving, .demanding, .detecting, .resolving, .connecting, .backingOff:
            bodyPartBytes < worker.settings.replayLimitBytes
        case .unused, .discarding, .ended: true
        }
    }

    var canTakeResponse: Bool { downstream?.isWritable ?? true }

    func flushUpstream() { upstream?.flushLater() }
    func flushDownstream() { downstream?.flushLater() }
    func upstreamBecameWritable() { downstream?.resumeReading() }
    func downstreamBecameWritable() { upstream?.resumeReading() }
}
