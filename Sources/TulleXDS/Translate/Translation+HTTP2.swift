import SwiftProtobuf
import TulleModel

/// How a connection manager, or a cluster, speaks HTTP/2.
extension Translation {
    func http2Options(_ field: String, _ message: Envoy_Config_Core_V3_Http2ProtocolOptions) -> HTTP2Options {
        within(field) {
            var options = HTTP2Options()
            // RFC 9113, section 6.5.2: no window is larger; one below the protocol's own could not be told of in time.
            let window = 65535...Int(Int32.max)
            let any = 0...Int(UInt32.max)
            let some = 1...Int(UInt32.max)
            options.hpackTableBytes =
                number("hpack_table_size", message.hasHpackTableSize, message.hpackTableSize.value, in: any)
                ?? options.hpackTableBytes
            options.maxConcurrentStreams =
                number(
                    "max_concurrent_streams", message.hasMaxConcurrentStreams, message.maxConcurrentStreams.value,
                    in: 1...Int(Int32.max))
                ?? options.maxConcurrentStreams
            options.streamWindowBytes =
                number(
                    "initial_stream_window_size", message.hasInitialStreamWindowSize,
                    message.initialStreamWindowSize.value, in: window)
                ?? options.streamWindowBytes
            options.connectionWindowBytes =
                number(
                    "initial_connection_window_size", message.hasInitialConnectionWindowSize,
                    message.initialConnectionWindowSize.value, in: window)
                ?? options.connectionWindowBytes
            options.allowsConnect = message.allowConnect
            options.maxOutboundFrames =
                number(
                    "max_outbound_frames", message.hasMaxOutboundFrames, message.maxOutboundFrames.value, in: some)
                ?? options.maxOutboundFrames
            options.maxOutboundControlFrames =
                number(
                    "max_outbound_control_frames", message.hasMaxOutboundControlFrames,
                    message.maxOutboundControlFrames.value, in: some)
                ?? options.maxOutboundControlFrames
            options.maxConsecutiveEmptyFrames =
                number(
                    "max_consecutive_inbound_frames_with_empty_payload",
                    message.hasMaxConsecutiveInboundFramesWithEmptyPayload,
                    message.maxConsecutiveInboundFramesWithEmptyPayload.value, in: any)
                ?? options.maxConsecutiveEmptyFrames
            options.maxPriorityFramesPerStream =
                number(
                    "max_inbound_priority_frames_per_stream", message.hasMaxInboundPriorityFramesPerStream,
                    message.maxInboundPriorityFramesPerStream.value, in: any)
                ?? options.maxPriorityFramesPerStream
            options.maxWindowUpdatesPerDataFrame =
                number(
                    "max_inbound_window_update_frames_per_data_frame_sent",
                    message.hasMaxInboundWindowUpdateFramesPerDataFrameSent,
                    message.maxInboundWindowUpdateFramesPerDataFrameSent.value, in: some)
                ?? options.maxWindowUpdatesPerDataFrame
            if message.hasConnectionKeepalive { keepalive(message.connectionKeepalive, &options) }
            return options
        }
    }

    private func keepalive(_ message: Envoy_Config_Core_V3_KeepaliveSettings, _ options: inout HTTP2Options) {
        within("connection_keepalive") {
            if let interval = duration(
                "interval", message.hasInterval, message.interval, atLeast: .milliseconds(1))
            {
                options.keepaliveInterval = interval
            }
            if !message.hasTimeout { fail("timeout is required") }
            if let timeout = duration("timeout", message.hasTimeout, message.timeout, atLeast: .milliseconds(1)) {
                options.keepaliveTimeout = timeout
            }
        }
    }
}
