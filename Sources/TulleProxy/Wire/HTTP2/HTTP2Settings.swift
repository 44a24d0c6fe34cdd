import NIOCore
import TulleModel

/// What the peer has said of itself (RFC 9113, 6.5.2); the defaults hold until it does. Its HPACK table is not among it: ours
/// writes nothing into that.
struct HTTP2PeerSettings {
    /// As many as it likes until it says otherwise.
    var maxConcurrentStreams = Int(UInt32.max)
    var initialWindow = 65_535
    var maxFrameBytes = 16_384
    var allowsExtendedConnect = false

    /// Takes the frame's values in their order. Answers with what is wrong with them, if anything.
    mutating func read(_ payload: ByteBuffer) -> HTTP2Failure? {
        var payload = payload
        while let (identifier, value) = payload.readMultipleIntegers(as: (UInt16, UInt32).self) {
            switch identifier {
            case 0x2:
                guard value <= 1 else { return HTTP2Failure(.protocolError, "SETTINGS_ENABLE_PUSH over 1") }
            case 0x3: maxConcurrentStreams = Int(value)
            case 0x4:
                guard value <= 0x7FFF_FFFF else {
                    return HTTP2Failure(.flowControlError, "SETTINGS_INITIAL_WINDOW_SIZE over 2^31-1")
                }
                initialWindow = Int(value)
            case 0x5:
                guard (16_384...16_777_215).contains(value) else {
                    return HTTP2Failure(.protocolError, "SETTINGS_MAX_FRAME_SIZE out of range")
                }
                maxFrameBytes = Int(value)
            case 0x8:
                // RFC 8441, 3: once offered it stays.
                guard value <= 1, value == 1 || !allowsExtendedConnect else {
                    return HTTP2Failure(.protocolError, "SETTINGS_ENABLE_CONNECT_PROTOCOL is wrong")
                }
                allowsExtendedConnect = value == 1
            default: break
            }
        }
        return nil
    }
}

extension ByteBuffer {
    /// Writes our SETTINGS, and opens the connection's window as wide as the options want it.
    mutating func writeSettings(_ options: HTTP2Options, isServer: Bool, maxHeaderListBytes: Int) {
        var settings: [(UInt16, Int)] = [(0x1, options.hpackTableBytes)]
        if !isServer { settings.append((0x2, 0)) }
        settings.append((0x3, isServer ? options.maxConcurrentStreams : 0))
        settings.append((0x4, options.streamWindowBytes))
        settings.append((0x6, maxHeaderListBytes))
        if isServer, options.allowsConnect { settings.append((0x8, 1)) }
        writeFrameHead(length: settings.count * 6, type: HTTP2FrameType.settings, flags: 0, id: 0)
        for (identifier, value) in settings {
            writeInteger(identifier)
            writeInteger(UInt32(clamping: value))
        }
        let more = options.connectionWindowBytes - 65_535
        if more > 0 { writeWindowUpdate(id: 0, increment: more) }
    }
}
