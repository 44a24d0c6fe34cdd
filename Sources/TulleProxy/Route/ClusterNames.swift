/// The clusters that a route table names, by number: the data path resolves numbers, not names.
struct ClusterNames: Sendable {
    private(set) var names: [String] = []
    private var numbers: [String: Int32] = [:]

    /// The name's number, which stays the same in tables made from this one by adding.
    mutating func number(of name: String) -> Int32 {
        if let number = numbers[name] { return number }
        let number = Int32(names.count)
        names.append(name)
        numbers[name] = number
        return number
    }
}
