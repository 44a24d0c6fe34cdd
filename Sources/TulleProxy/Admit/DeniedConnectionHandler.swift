import NIOCore

/// Stands where a chain's handler would, for a connection that may not pass: it closes it and reads nothing.
final class DeniedConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = Never

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { context.close(promise: nil) }
    }

    func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
