import NIOConcurrencyHelpers

/// Carries demands from the workers to the configurator, which is made after them.
final class DemandRelay: Sendable {
    /// Set once before anything listens; read by every worker.
    private let handler = NIOLockedValueBox<(@Sendable (Demand) -> Void)?>(nil)

    func connect(_ handler: @escaping @Sendable (Demand) -> Void) { self.handler.withLockedValue { $0 = handler } }

    func demand(_ demand: Demand) { handler.withLockedValue { $0 }?(demand) }
}
