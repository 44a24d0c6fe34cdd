import TulleModel

/// Compiled RBAC rules: which of thousands of policies a request matches, without trying each.
///
/// A policy matches when one of its permissions does and one of its principals. It is found by what one of the two sides
/// must ask for whenever it holds: a principal, a path or its beginning, a header's value, a range of addresses, a server
/// name, a port, looked up in hash tables and radix trees. The side and the keys are chosen that the fewest policies share.
/// What is found is then tested in whole; what no key leads to is tried in turn.
final class AccessRules: Sendable {
    /// A part of a policy that a key leads to.
    private struct Entry: BitwiseCopyable {
        var policy: Int32
        /// Nodes that must hold; −1 where there is nothing left to test.
        var first: Int32
        var second: Int32
    }

    /// A run in `entries`.
    private struct Run: BitwiseCopyable {
        var start: Int32
        var end: Int32
    }

    private struct TextIndex: BitwiseCopyable {
        var source: AdmissionText
        var table: TextTable
    }

    private struct HeaderIndex: BitwiseCopyable {
        var field: HeaderField
        var table: TextTable
    }

    private struct AddressIndex: BitwiseCopyable {
        var origin: RBAC.AddressOrigin
        var trie: AddressTrie
    }

    let action: RBAC.Action
    /// In the order in which they are tried.
    let policyNames: [String]
    /// Whether a policy asks for the address that `x-forwarded-for` tells of.
    let asksForRemoteAddress: Bool

    private let program: ConditionProgram
    /// The policies ascend in each run.
    private let entries: FrozenArray<Entry>
    private let runs: FrozenArray<Run>
    private let texts: FrozenArray<TextIndex>
    private let headers: FrozenArray<HeaderIndex>
    private let addresses: FrozenArray<AddressIndex>
    private let ports: ByteTable
    private let unindexed: Int32
    /// Holds what all of them point to.
    private let memory: RouteMemory

    init(_ rules: RBAC) throws(RouteError) {
        let memory = RouteMemory()
        var program = ConditionProgram.Builder(in: memory)
        // Envoy orders by the bytes of the names, as Swift does.
        let policies = rules.policies.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        var counts: [AccessKey: Int] = [:]
        for (_, policy) in policies {
            for condition in policy.permissions + policy.principals { condition.collectKeys(into: &counts) }
        }
        var lists: [AccessKey: [Entry]] = [:]
        var rest: [Entry] = []
        var fields: [String: HeaderField] = [:]
        for (number, (name, policy)) in policies.enumerated() {
            do throws(RouteError) {
                let sides = [policy.permissions, policy.principals].map { $0.flatMap(\.alternatives) }
                let covers = sides.map { RBAC.Condition.oneOf($0).cover(counts) }
                let found = covers.indices.filter { covers[$0] != nil }.min { covers[$0]!.isBetter(than: covers[$1]!) }
                guard let side = found else {
                    rest.append(
                        Entry(
                            policy: Int32(number), first: try program.alternatives(policy.permissions),
                            second: try program.alternatives(policy.principals)))
                    continue
                }
                let other = sides[1 - side].contains(.any) ? -1 : try program.alternatives(sides[1 - side])
                for condition in sides[side] {
                    let isKeyAlone = condition.ownKey?.isAll ?? false
                    let entry = Entry(
                        policy: Int32(number), first: isKeyAlone ? -1 : try program.node(condition), second: other)
                    for key in Set(condition.cover(counts)?.keys ?? []) {
                        lists[key, default: []].append(entry)
                        if case .header(let name, _) = key, fields[name] == nil {
                            fields[name] = try HeaderField(name, in: memory)
                        }
                    }
                }
            } catch {
                throw RouteError("policy \"\(name)\": \(error)")
            }
        }

        var entries: [Entry] = []
        var runs: [Run] = []
        func addRun(_ list: [Entry]) -> Int32 {
            let start = Int32(entries.count)
            entries += list
            runs.append(Run(start: start, end: Int32(entries.count)))
            return Int32(runs.count - 1)
        }
        var textRuns: [AdmissionText: [TextTable.Key: Int32]] = [:]
        var headerRuns: [String: [TextTable.Key: Int32]] = [:]
        var addressRuns: [RBAC.AddressOrigin: [AddressRange: Int32]] = [:]
        var portRuns = ByteTable.Builder(folding: false)
        for (key, list) in lists {
            let run = addRun(list)
            switch key {
            case .text(let source, let key): textRuns[source, default: [:]][key] = run
            case .header(let name, let key): headerRuns[name, default: [:]][key] = run
            case .address(let origin, let range): addressRuns[origin, default: [:]][range] = run
            case .destinationPort(let port): _ = portRuns.insert(Self.bytes(port), value: run)
            }
        }
        unindexed = rest.isEmpty ? -1 : addRun(rest)
        action = rules.action
        policyNames = policies.map(\.key)
        asksForRemoteAddress = policies.contains { policy in
            (policy.value.permissions + policy.value.principals).contains(where: \.asksForRemoteAddress)
        }
        self.program = program.build()
        self.entries = memory.freeze(entries)
        self.runs = memory.freeze(runs)
        texts = memory.freeze(textRuns.map { TextIndex(source: $0.key, table: TextTable($0.value, in: memory)) })
        headers = memory.freeze(
            fields.map { HeaderIndex(field: $0.value, table: TextTable(headerRuns[$0.key] ?? [:], in: memory)) })
        addresses = memory.freeze(
            addressRuns.map { AddressIndex(origin: $0.key, trie: AddressTrie($0.value, in: memory)) })
        ports = portRuns.build(in: memory)
        self.memory = memory
    }

    private static func bytes(_ port: Int) -> [UInt8] { [UInt8(port >> 8 & 255), UInt8(port & 255)] }

    /// The place in `policyNames` of the first policy that matches, or −1.
    func firstMatch(_ subject: borrowing AdmissionSubject, _ block: borrowing HeaderBlock) -> Int {
        withExtendedLifetime(self) { block.withBytes { find(subject, block, $0) } }
    }

    private func find(
        _ subject: borrowing AdmissionSubject, _ block: borrowing HeaderBlock, _ base: UnsafeRawBufferPointer
    ) -> Int {
        var best = Int32.max
        var index = 0
        while index < texts.count {
            let entry = texts[index]
            _ = subject.anyText(entry.source, base) { text in
                entry.table.visit(text) { run in
                    consider(run, subject, block, base, &best)
                    return false
                }
            }
            index &+= 1
        }
        index = 0
        while index < headers.count {
            let entry = headers[index]
            _ = entry.field.anyValue(subject.route, block, base) { value in
                entry.table.visit(value) { run in
                    consider(run, subject, block, base, &best)
                    return false
                }
            }
            index &+= 1
        }
        index = 0
        while index < addresses.count {
            let entry = addresses[index]
            if let address = subject.address(entry.origin) {
                _ = entry.trie.visit(address) { run in
                    consider(run, subject, block, base, &best)
                    return false
                }
            }
            index &+= 1
        }
        var port = UInt16(truncatingIfNeeded: subject.destinationPort).bigEndian
        let portRun = withUnsafeBytes(of: &port) { ports.find($0) }
        if portRun >= 0 { consider(portRun, subject, block, base, &best) }
        if unindexed >= 0 { consider(unindexed, subject, block, base, &best) }
        return best == .max ? -1 : Int(best)
    }

    /// Takes the first policy of the run that matches, if it comes before the best so far.
    private func consider(
        _ run: Int32, _ subject: borrowing AdmissionSubject, _ block: borrowing HeaderBlock,
        _ base: UnsafeRawBufferPointer, _ best: inout Int32
    ) {
        let range = runs[Int(run)]
        var index = Int(range.start)
        while index < Int(range.end) {
            let entry = entries[index]
            if entry.policy >= best { return }
            if entry.first < 0 || program.holds(entry.first, subject, block, base),
                entry.second < 0 || program.holds(entry.second, subject, block, base)
            {
                best = entry.policy
                return
            }
            index &+= 1
        }
    }
}

extension RBAC.Condition {
    fileprivate var asksForRemoteAddress: Bool {
        switch self {
        case .address(.remote, _): true
        case .all(let inner), .oneOf(let inner): inner.contains(where: \.asksForRemoteAddress)
        case .not(let inner): inner.asksForRemoteAddress
        default: false
        }
    }
}
