import NIOCore
import TulleModel

/// Whether a request may pass.
extension Exchange {
    /// Asks the connection manager's filters in their order, with what the route puts in their place; the first refusal counts.
    func checkAdmission(_ route: RouteSubject) -> Failure? {
        let filters = runtime.admission.filters
        guard !filters.isEmpty else { return nil }
        for filter in filters {
            let instead = self.route?.admission(named: filter.filter.name, choice)
            let asksForRemoteAddress = (instead ?? filter.filter).asksForRemoteAddress
            let forwarded = asksForRemoteAddress ? forwardedAddress() : nil
            let subject = AdmissionSubject(connection, route, forwardedAddress: forwarded)
            guard case .denied(let policy) = request.admit(subject, by: filter, instead: instead) else { continue }
            return .accessDenied(policy: policy, tellsPolicy: connection.peer != nil)
        }
        return nil
    }

    /// The client as `x-forwarded-for` tells it: Envoy's choice of the entry that so many trusted proxies made.
    private func forwardedAddress() -> IPAddressBits? {
        let manager = runtime.manager
        var skipped = manager.xffTrustedHops
        if manager.useRemoteAddress {
            // An edge trusts nobody, so that it takes the connection's address, unless it stands behind proxies of its own.
            guard skipped > 0 else { return nil }
            // The connection's own address has been appended already, and stands for the first of them.
            if manager.skipXFFAppend { skipped -= 1 }
        }
        return request.block.forwardedAddress(skipping: skipped)
    }
}

extension RequestHead {
    /// Mutating for the reason that `lookUpVirtualHost` gives: a head that lives in an object is used in place.
    mutating func admit(
        _ subject: borrowing AdmissionSubject, by filter: AdmissionRuntime, instead: AdmissionFilter?
    ) -> Admission {
        filter.admit(subject, block, instead: instead)
    }
}

extension RouteEntry {
    /// What takes the place of the filter of that name for the requests that go to the chosen cluster.
    func admission(named name: String, _ choice: ClusterChoice) -> AdmissionFilter? {
        if choice.weighted >= 0, let forward {
            for filter in forward.weighted[Int(choice.weighted)].admissions where filter.name == name { return filter }
        }
        for filter in admissions where filter.name == name { return filter }
        return nil
    }
}

extension HeaderBlock {
    /// The entry of `x-forwarded-for` that many from its end; nil where there is none, or it is no address.
    func forwardedAddress(skipping count: Int) -> IPAddressBits? {
        guard contains(.xForwardedFor) else { return nil }
        var left = count
        return withBytes { base in
            for field in fields.reversed() where field.name == .xForwardedFor && !field.isRemoved {
                var end = field.valueRange.upperBound
                let start = field.valueRange.lowerBound
                while true {
                    var comma = end
                    while comma > start, base[comma &- 1] != UInt8(ascii: ",") { comma &-= 1 }
                    if left == 0 { return IPAddressBits(text: Self.trimmed(base[comma..<end])) }
                    left -= 1
                    guard comma > start else { break }
                    end = comma &- 1
                }
            }
            return nil
        }
    }

    private static func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> UnsafeRawBufferPointer {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return UnsafeRawBufferPointer(rebasing: text)
    }
}
