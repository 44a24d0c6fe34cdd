import NIOCore

/// A worker as others reach it: through its loop.
struct WorkerHandle: Sendable {
    let loop: any EventLoop
    private let worker: NIOLoopBound<Worker>

    /// Makes the worker on its loop.
    init(on loop: any EventLoop, make: @escaping @Sendable () -> Worker) async throws {
        self.loop = loop
        worker = try await loop.submit { NIOLoopBound(make(), eventLoop: loop) }.get()
    }

    /// Runs the body on the worker's loop and waits for it.
    func run<Result: Sendable>(_ body: @escaping @Sendable (Worker) -> Result) async -> Result {
        let worker = worker
        return await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: body(worker.value)) }
        }
    }

    /// Runs the body on the worker's loop and waits for what it promises.
    func future<Result: Sendable>(
        _ body: @escaping @Sendable (Worker) -> EventLoopFuture<Result>
    ) async throws -> Result {
        let worker = worker
        return try await loop.flatSubmit { body(worker.value) }.get()
    }
}
