/// The RBAC filters of a chain that ends in a connection manager, on one worker.
///
/// One object for all the chain's connections, so that changed rules hold for the next request of those that are open
/// already: a pooled connection of another sidecar may stay for days.
final class RequestAdmission {
    /// In the order in which they are asked.
    var filters: [AdmissionRuntime] = []
}
