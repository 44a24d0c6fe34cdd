import Synchronization

/// Those who follow a store's changes.
final class WatcherSet: Sendable {
    /// How many transactions a watcher may be behind before it is told to list again: it bounds the memory that a
    /// stuck one holds.
    static let maxBehind = 4096

    private struct State {
        var nextID = 0
        var continuations: [Int: AsyncThrowingStream<StoreCommit, any Error>.Continuation] = [:]
    }

    /// The state is changed by commits (on the store's queue) and by watchers that end (on any thread).
    private let state = Mutex(State())

    /// A new watcher, which first gets what it missed.
    func join(after missed: [StoreCommit]) -> AsyncThrowingStream<StoreCommit, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(
            of: StoreCommit.self, bufferingPolicy: .bufferingOldest(missed.count + Self.maxBehind))
        for commit in missed { continuation.yield(commit) }
        let id = state.withLock { state in
            state.nextID += 1
            state.continuations[state.nextID] = continuation
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in _ = state.continuations.removeValue(forKey: id) }
        }
        return stream
    }

    /// Hands a commit to all; one who cannot take it any more is ended with `StoreError.fellBehind`.
    func tell(_ commit: StoreCommit) {
        // Outside the lock: ending a continuation calls `onTermination`, which takes it.
        for continuation in state.withLock({ Array($0.continuations.values) }) {
            if case .dropped = continuation.yield(commit) { continuation.finish(throwing: StoreError.fellBehind) }
        }
    }

    /// Ends all.
    func finish(throwing error: (any Error)?) {
        for continuation in state.withLock({ Array($0.continuations.values) }) {
            continuation.finish(throwing: error)
        }
    }
}
