import NIOCore
import TulleModel
import TulleTelemetry

/// The end of every exchange: counted, and logged where logs are on.
extension Exchange {
    func record() {
        readGRPCStatus()
        let outcome = ExchangeOutcome(
            status: responseHasBegun ? response.status : 0, flags: flags,
            durationNanoseconds: UInt64(max(0, (NIODeadline.now() - startTime).nanoseconds)),
            requestBytes: requestBytes, responseBytes: responseBytes, isInbound: runtime.isInbound,
            principals: connection.principals,
            isGRPC: isGRPC, grpcStatus: Int16(truncatingIfNeeded: grpcStatus), requestMessages: requestMessages.count,
            responseMessages: responseMessages.count, endpoint: lastHost?.endpoint)
        runtime.stats.requestEnded(outcome)
        cluster?.stats.record(outcome)
        for log in runtime.accessLogs { log.write(self) }
    }
}
