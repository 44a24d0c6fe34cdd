/// The names of a set of counters; the raw value is the place in the set.
protocol CounterName: CaseIterable, RawRepresentable, Sendable where RawValue == Int {
    /// Envoy's name for it, without the prefix of what it belongs to.
    var name: String { get }
    /// Whether it goes up and down, and is no count of events.
    var isGauge: Bool { get }
}

/// Plain integers by name, owned by one worker. Adding is an index and an addition: no lock, no atomic, no look-up.
struct Counters<Name: CounterName>: Sendable {
    private var values = [Int64](repeating: 0, count: Name.allCases.count)

    subscript(name: Name) -> Int64 { values[name.rawValue] }

    @inline(__always)
    mutating func add(_ name: Name, _ amount: Int64 = 1) {
        values[name.rawValue] &+= amount
    }

    /// Adds another worker's.
    mutating func merge(_ other: Self) {
        for index in values.indices { values[index] &+= other.values[index] }
    }

    /// Sets the counts to zero and leaves the gauges.
    mutating func reset() {
        for name in Name.allCases where !name.isGauge { values[name.rawValue] = 0 }
    }
}
