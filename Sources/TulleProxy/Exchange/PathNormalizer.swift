import TulleModel

/// Brings a path into one form, so that a rule on paths cannot be walked around (`normalize_path`, `merge_slashes`,
/// `path_with_escaped_slashes_action`).
struct PathNormalizer {
    enum Outcome: Equatable {
        case unchanged
        case changed([UInt8])
        case invalid
        case redirect([UInt8])
    }

    private let normalizes: Bool
    private let mergesSlashes: Bool
    private let escapedSlashes: HTTPConnectionManager.EscapedSlashes

    init(_ manager: HTTPConnectionManager) {
        normalizes = manager.normalizePath
        mergesSlashes = manager.mergeSlashes
        escapedSlashes = manager.escapedSlashes
    }

    func normalize(_ path: [UInt8]) -> Outcome {
        var result = path
        var redirects = false
        if escapedSlashes != .keepUnchanged, let unescaped = Self.unescapingSlashes(result) {
            if escapedSlashes == .reject { return .invalid }
            redirects = escapedSlashes == .unescapeAndRedirect
            result = unescaped
        }
        if normalizes {
            guard let decoded = Self.decodingUnreserved(result) else { return .invalid }
            result = Self.removingDots(decoded)
        }
        if mergesSlashes { result = Self.mergingSlashes(result) }
        if result == path { return .unchanged }
        return redirects ? .redirect(result) : .changed(result)
    }

    /// The path with `%2F` and `%5C` decoded, or nil when it has none.
    private static func unescapingSlashes(_ path: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var found = false
        var index = 0
        while index < path.count {
            if path[index] == 0x25, index + 2 < path.count {
                let (high, low) = (path[index + 1], path[index + 2] | 0x20)
                if (high == 0x32 && low == 0x66) || (high == 0x35 && low == 0x63) {
                    result.append(high == 0x32 ? 0x2F : 0x5C)
                    found = true
                    index += 3
                    continue
                }
            }
            result.append(path[index])
            index += 1
        }
        return found ? result : nil
    }

    /// Percent-encoded unreserved characters stand for themselves (RFC 3986, 6.2.2.2); a backslash is a slash to
    /// some servers, so it becomes one. Nil when the path holds an encoded NUL, where C strings end.
    private static func decodingUnreserved(_ path: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        var index = 0
        // Where the last `%` that begins no escape stands: what is decoded right behind it must not make one of it, which
        // whoever is behind would decode once more.
        var bare = -3
        while index < path.count {
            if path[index] == 0x25, index + 2 < path.count, let high = ByteClass.hexValue(path[index + 1]),
                let low = ByteClass.hexValue(path[index + 2])
            {
                let byte = high << 4 | low
                if byte == 0 { return nil }
                if isUnreserved(byte), result.count - bare > 2 || ByteClass.hexValue(byte) == nil {
                    result.append(byte)
                } else {
                    result.append(contentsOf: path[index..<index + 3])
                }
                index += 3
                continue
            }
            if path[index] == 0x25 { bare = result.count }
            result.append(path[index] == 0x5C ? 0x2F : path[index])
            index += 1
        }
        return result
    }

    /// `..` at the root stays there (RFC 3986, 5.2.4).
    private static func removingDots(_ path: [UInt8]) -> [UInt8] {
        guard path.first == 0x2F else { return path }
        var segments: [ArraySlice<UInt8>] = []
        let all = path.dropFirst().split(separator: 0x2F, omittingEmptySubsequences: false)
        for (index, segment) in all.enumerated() {
            let isLast = index == all.count - 1
            if segment.elementsEqual([0x2E]) {
                if isLast { segments.append([]) }
            } else if segment.elementsEqual([0x2E, 0x2E]) {
                _ = segments.popLast()
                if isLast { segments.append([]) }
            } else {
                segments.append(segment)
            }
        }
        return [0x2F] + segments.joined(separator: [0x2F])
    }

    private static func mergingSlashes(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        for byte in path where !(byte == 0x2F && result.last == 0x2F) { result.append(byte) }
        return result
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}
