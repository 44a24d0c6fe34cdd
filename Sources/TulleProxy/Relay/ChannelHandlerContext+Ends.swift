// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Glibc
import NIOCore
import NIOSSL

extension ChannelHandlerContext {
    /// Calls back once all that was written has left, or cannot leave any more: NIO drops what waits when it closes.
    func whenWritten(_ then: @escaping () -> Void) {
        writeAndFlush(NIOAny(ByteBuffer())).assumeIsolated().whenComplete { _ in then() }
    }

    /// Closes the connection with a reset: an end in good order would say that all has been said.
    func reset() {
        (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in }
        // From the TLS handler's own place its close_notify, which is an end in good order too, is not sent.
        let tls = try? channel.pipeline.syncOperations.context(handlerType: NIOSSLHandler.self)
        (tls ?? self).close(promise: nil)
    }
}
