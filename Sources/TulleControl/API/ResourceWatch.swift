import Foundation
import Hummingbird
import NIOCore
import ServiceLifecycle
import TulleModel

/// One caller of `/api/v1/watch`.
struct ResourceWatch: Sendable {
    /// What comes to the caller, merged from three sources that all may end it.
    private enum Input: Sendable {
        case commit(StoreCommit)
        case beat
        case failed(APIError)
        case over
    }

    // Tells a caller through a proxy with an idle timeout that the connection lives, and us that the caller does.
    static let beat = Duration.seconds(15)

    let keeper: ResourceKeeper
    let selection: ResourceSelection
    let timeout: Duration?

    /// The start of the watch: so that a revision that is too old is an answer of its own, not a line of a stream.
    func start(
        after revision: Int64?
    ) async throws -> (first: [WatchEvent], from: Int64, AsyncThrowingStream<StoreCommit, any Error>) {
        if let revision {
            return ([], revision, try await keeper.store.watch(after: revision))
        }
        let snapshot = await keeper.snapshot
        let present = snapshot.sorted.filter(selection.contains).map { entry in
            WatchEvent(
                type: .added, resourceVersion: "\(entry.stored.revision)",
                object: ResourceView.json(entry.stored, conditions: nil))
        }
        // The caller knows by the bookmark that this was all there is.
        let end = WatchEvent(type: .bookmark, resourceVersion: "\(snapshot.revision)")
        return (present + [end], snapshot.revision, try await keeper.store.watch(after: snapshot.revision))
    }

    /// Writes lines until the caller goes, the time is over or the control plane stops.
    func write(
        _ start: (first: [WatchEvent], from: Int64, commits: AsyncThrowingStream<StoreCommit, any Error>),
        to writer: inout any ResponseBodyWriter
    ) async throws {
        for event in start.first { try await writer.write(Self.line(event)) }
        var revision = start.from
        let (inputs, input) = AsyncStream.makeStream(of: Input.self)
        let feeder = Task { await feed(start.commits, input) }
        defer { feeder.cancel() }
        for await next in inputs.cancelOnGracefulShutdown() {
            switch next {
            case .commit(let commit):
                revision = commit.revision
                for event in commit.events where selection.contains(event.resource) {
                    try await writer.write(Self.line(Self.event(event)))
                }
            case .beat:
                try await writer.write(
                    Self.line(WatchEvent(type: .bookmark, resourceVersion: "\(revision)")))
            case .failed(let error):
                try await writer.write(
                    Self.line(WatchEvent(type: .error, resourceVersion: "\(revision)", error: error)))
                return
            case .over: return
            }
        }
    }

    private func feed(
        _ commits: AsyncThrowingStream<StoreCommit, any Error>, _ input: AsyncStream<Input>.Continuation
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await commit in commits { input.yield(.commit(commit)) }
                    input.yield(.over)
                } catch let error as StoreError {
                    input.yield(.failed(APIError(error)))
                } catch {
                    input.yield(.failed(APIError(.internalError, "\(error)")))
                }
                input.finish()
            }
            group.addTask {
                while (try? await Task.sleep(for: Self.beat)) != nil { input.yield(.beat) }
            }
            if let timeout {
                group.addTask {
                    if (try? await Task.sleep(for: timeout)) != nil { input.yield(.over) }
                }
            }
        }
    }

    private static func event(_ event: StoreEvent) -> WatchEvent {
        let stored = event.resource
        let kind: WatchEvent.Kind
        switch event {
        case .delete: kind = .deleted
        case .put: kind = stored.revision == stored.createdRevision ? .added : .modified
        }
        return WatchEvent(
            type: kind, resourceVersion: "\(stored.revision)", object: ResourceView.json(stored, conditions: nil))
    }

    private static func line(_ event: WatchEvent) -> ByteBuffer {
        var buffer = ByteBuffer()
        // The API's types always encode.
        if let bytes = try? APIJSON.encoder().encode(event) { buffer.writeBytes(bytes) }
        buffer.writeString("\n")
        return buffer
    }
}
