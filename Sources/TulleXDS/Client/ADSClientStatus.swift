/// How a discovery client stands with its control plane, and what it has counted since its start.
public struct ADSClientStatus: Hashable, Sendable {
    /// Counts of one resource type, under Envoy's names (`cluster_manager.cds.update_success` and so on).
    public struct Counts: Hashable, Sendable {
        /// Responses received.
        public var updateAttempt: UInt64 = 0
        /// Responses applied whole.
        public var updateSuccess: UInt64 = 0
        /// Responses of which something was refused.
        public var updateRejected: UInt64 = 0
        /// Streams lost while the type was subscribed to.
        public var updateFailure: UInt64 = 0
        /// Resources in force.
        public var resources: Int = 0
        /// Names subscribed to, besides a wildcard.
        public var names: Int = 0
        /// Why resources were refused in the last response that held them, by name.
        public var rejections: [String: String] = [:]
    }

    /// `control_plane.connected_state`: a stream is open.
    public var isConnected = false
    /// The control plane that answered last, and what it calls itself.
    public var server: String = ""
    public var identifier: String = ""
    /// Streams opened, and attempts that came to nothing.
    public var connects: UInt64 = 0
    public var connectFailures: UInt64 = 0
    /// Streams that were open and are lost.
    public var disconnects: UInt64 = 0
    /// Why the last attempt or stream failed; empty when none did.
    public var lastError: String = ""
    /// The configuration came from the cache, and the control plane has not answered since.
    public var isFromCache = false
    public var types: [TypeURL: Counts] = [:]

    public init() {}
}
