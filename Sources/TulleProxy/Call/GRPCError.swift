/// Why a gRPC call ended badly: the server's own status, or what the connection came to.
public struct GRPCError: Error, Hashable, Sendable, CustomStringConvertible {
    public var code: GRPCCode
    public var message: String

    public init(_ code: GRPCCode, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }
}
