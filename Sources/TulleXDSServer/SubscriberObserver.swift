public import TulleXDS

/// Who wants to know what happens to the subscribers of a discovery server: the registry and the push status.
///
/// Called on the subscriber's own task, in the order of events; calls for different streams come at the same time. An
/// implementation returns quickly.
public protocol SubscriberObserver: Sendable {
    /// A stream's first request, before anything is answered.
    /// - Throws: a refusal, which ends the stream with its code and message.
    func subscriberConnected(_ node: ConnectedNode) throws(StreamRefusal)
    /// The subscriber presented itself again on the same stream, with other metadata.
    func subscriberChanged(_ node: ConnectedNode) throws(StreamRefusal)
    /// The stream is over. `clean` says that the subscriber ended it on purpose (half-closed it).
    func subscriberDisconnected(_ node: ConnectedNode, clean: Bool)
    /// A response went out with these resources, by name with the version; `removed` are gone.
    func responseSent(to node: ConnectedNode, type: TypeURL, versions: [String: String], removed: [String])
    /// The subscriber judged a response.
    func responseJudged(by node: ConnectedNode, type: TypeURL, _ verdict: SubscriberState.Verdict)
    /// Everything that a push had for this subscriber was written.
    /// - Parameter since: when the change came that the push was for.
    func pushDelivered(to node: ConnectedNode, since: ContinuousClock.Instant)
}

extension SubscriberObserver {
    public func subscriberChanged(_ node: ConnectedNode) throws(StreamRefusal) {}
    public func pushDelivered(to node: ConnectedNode, since: ContinuousClock.Instant) {}
}
