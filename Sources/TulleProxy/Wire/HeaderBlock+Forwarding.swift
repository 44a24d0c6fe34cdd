import NIOCore

extension HeaderBlock {
    /// Removes what is for this hop alone (RFC 9110, 7.6.1): Connection and what it names, Keep-Alive, Proxy-Connection,
    /// TE, and Upgrade. Transfer-Encoding and Trailer stay, since the framing passes through as it came; remove them
    /// where it does not.
    ///
    /// - Parameters:
    ///   - nominated: whether Connection names fields beyond the usual (`nominatesFields` of the head).
    ///   - keepingUpgrade: whether the upgrade is passed on; then `connection: upgrade` is appended and Upgrade stays.
    mutating func removeHopByHop(nominated: Bool, keepingUpgrade: Bool = false) {
        if nominated { removeNominated(keepingUpgrade: keepingUpgrade) }
        if present & Self.hopByHop != 0 {
            remove(.connection)
            remove(.keepAlive)
            remove(.proxyConnection)
            remove(.te)
            remove(.http2Settings)
            if !keepingUpgrade { remove(.upgrade) }
        }
        if keepingUpgrade { append(name: "connection", value: "upgrade") }
    }

    private static let hopByHop =
        KnownHeader.connection.bit | KnownHeader.keepAlive.bit | KnownHeader.proxyConnection.bit | KnownHeader.te.bit
        | KnownHeader.upgrade.bit | KnownHeader.http2Settings.bit

    private mutating func removeNominated(keepingUpgrade: Bool) {
        // A copy of the reference, so that the bytes can be read while fields are marked; marking does not write to them.
        let bytes = bytes
        var connection = firstIndex(of: .connection)
        while let index = connection {
            let value = fields[index].valueRange
            bytes.withUnsafeReadableBytes { all in
                guard let start = all.baseAddress else { return }
                let base = start.assumingMemoryBound(to: UInt8.self)
                forEachElement(base, value) { element in
                    if !element.isEmpty { removeNominated(all, element, keepingUpgrade: keepingUpgrade) }
                }
            }
            connection = nextIndex(of: .connection, from: index &+ 1)
        }
    }

    private mutating func removeNominated(
        _ all: UnsafeRawBufferPointer, _ element: Range<Int>, keepingUpgrade: Bool
    ) {
        let option = UnsafeRawBufferPointer(rebasing: all[element])
        guard let start = option.baseAddress else { return }
        switch KnownHeader.named(start, option.count) {
        case .host, .contentLength, .transferEncoding, .trailer, .connection, .xForwardedFor, .xForwardedHost,
            .xForwardedProto, .xForwardedClientCert:
            return
        case .upgrade where keepingUpgrade: return
        default: break
        }
        for index in fields.indices where Int(fields[index].nameLength) == option.count && !fields[index].isRemoved {
            let name = UnsafeRawBufferPointer(rebasing: all[fields[index].nameRange])
            if ByteClass.equalIgnoringCase(name, option) { remove(at: index) }
        }
    }

    /// Writes the field lines that are left, in order, without the empty line behind them.
    ///
    /// - Parameter skipped: a field to leave out, such as a Host that has been written already.
    func writeFields(to out: inout ByteBuffer, except skipped: KnownHeader? = nil) {
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.readableBytes) { room in
            var writer = HeadWriter(room)
            withBytes { writeFields(to: &writer, from: $0, except: skipped) }
            return writer.count
        }
    }

    /// Likewise. Runs of lines that stand side by side are copied at once. `base` holds this block's bytes.
    @inline(__always)
    func writeFields(
        to writer: inout HeadWriter, from base: UnsafeRawBufferPointer, except skipped: KnownHeader? = nil
    ) {
        var index = 0
        let count = fields.count
        while index < count {
            if isLeftOut(index, skipped) {
                index &+= 1
                continue
            }
            let start = Int(fields[index].nameStart)
            var end = lineEnd(index)
            index &+= 1
            while index < count, end == Int(fields[index].nameStart), !isLeftOut(index, skipped) {
                end = lineEnd(index)
                index &+= 1
            }
            writer.append(base, start..<end)
        }
    }

    private func isLeftOut(_ index: Int, _ skipped: KnownHeader?) -> Bool {
        fields[index].isRemoved || fields[index].name == skipped
    }

    /// Where the next line begins. A parsed line may end in white space, so that its end is known by what follows it.
    private func lineEnd(_ index: Int) -> Int {
        if index &+ 1 < parsedCount { return Int(fields[index &+ 1].nameStart) }
        return index < parsedCount ? fieldsEnd : fields[index].valueRange.upperBound &+ 2
    }
}
