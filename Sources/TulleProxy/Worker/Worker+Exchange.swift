import NIOCore
import TulleModel

/// What a worker lends to its exchanges.
extension Worker {
    /// As many unused exchanges are kept; each holds some KiB once it is warm.
    private static let maxPooledExchanges = 256

    func takeExchange() -> Exchange {
        exchangePool.popLast() ?? Exchange(worker: self)
    }

    func recycle(_ exchange: Exchange) {
        exchange.reset()
        if exchangePool.count < Self.maxPooledExchanges { exchangePool.append(exchange) }
    }

    func takeMutationValues() -> MutationValues {
        let values = mutationValues
        mutationValues = MutationValues()
        return values
    }

    func giveBack(_ values: MutationValues) { mutationValues = values }

    func accessLogger(for log: AccessLog) -> AccessLogger? { accessLogs.logger(for: log) }

    /// Looks a name up off the loop; the result comes on the loop, at once for an IP.
    func resolve(
        _ target: HostAndPort, family: Cluster.DNSFamily, result: @escaping (Result<PeerAddress, NameError>) -> Void
    ) {
        if let address = try? PeerAddress(ipAddress: target.host, port: target.port) {
            return result(.success(address))
        }
        let bound = NIOLoopBound(result, eventLoop: loop)
        let loop = loop
        resolver.resolve(target.host, family: family) { answer in
            loop.execute {
                bound.value(
                    answer.flatMap { names in
                        guard let first = names.first,
                            let address = try? PeerAddress(ipAddress: first, port: target.port)
                        else { return .failure(NameError(reason: "no address")) }
                        return .success(address)
                    })
            }
        }
    }

    /// `date: Tue, 15 Nov 1994 08:12:31 GMT` and a line end, made once a second.
    func writeDate(to out: inout ByteBuffer) {
        out.writeBytes(dateLine.current())
    }

    func appendDate(to block: inout HeaderBlock) {
        let value = dateLine.currentValue()
        block.append(name: "date") { $0.writeBytes(value) }
    }
}
