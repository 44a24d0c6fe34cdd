/// Bytes, or the file that they are read from and read again when it changes (`core.v3.DataSource`).
public enum DataSource: Hashable, Sendable {
    case file(String)
    case bytes([UInt8])
}

/// A data source that may be seen by nobody: it is left out of every dump and log.
public struct SecretSource: Hashable, Sendable {
    public var source: DataSource

    public init(_ source: DataSource) { self.source = source }
}

extension SecretSource: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch source {
        case .file(let path): path
        case .bytes: "[redacted]"
        }
    }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(reflecting: description) }
}
