/// A resource that a request needs and the snapshot does not hold yet.
enum Demand: Hashable, Sendable {
    case virtualHost(routes: String, host: String)
    /// A cluster with its endpoints.
    case cluster(String)
}

/// Who waits for a demanded resource. It is called once, when the resource has come or is known not to exist;
/// giving up earlier is the waiter's own affair (`Worker.abandon`).
protocol DemandWaiter: AnyObject {
    func demandSettled(_ demand: Demand)
}
