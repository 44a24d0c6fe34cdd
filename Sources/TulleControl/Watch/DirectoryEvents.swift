import Foundation
import Glibc

/// Says when something happened in a tree of directories (inotify). It may say so too often, and on file systems that
/// tell nothing (NFS) never: the reader looks by itself now and then.
final class DirectoryEvents: Sendable {
    /// One element or more after each change; merged while nobody reads.
    let changes: AsyncStream<Void>
    private let descriptor: Int32
    /// Dispatch sources may be used from any thread; this one is only cancelled, once.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// Nil where the kernel gives no more inotify instances; then only looking by oneself is left.
    init?() {
        let opened = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard opened >= 0 else { return nil }
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let source = DispatchSource.makeReadSource(fileDescriptor: opened)
        source.setEventHandler {
            // What happened does not matter, only that something did: the directory is read anew.
            var bytes = [UInt8](repeating: 0, count: 4096)
            while read(opened, &bytes, bytes.count) > 0 {}
            continuation.yield()
        }
        source.setCancelHandler { close(opened) }
        source.resume()
        descriptor = opened
        changes = stream
        self.source = source
    }

    deinit { source.cancel() }

    /// Watches a directory; naming one again changes nothing. Files are told of when they are complete: closed after
    /// writing, moved in or out, or deleted.
    func watch(_ directory: String) {
        let mask = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
        _ = inotify_add_watch(descriptor, directory, UInt32(mask) | UInt32(IN_ONLYDIR))
    }
}
