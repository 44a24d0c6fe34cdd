/// The endpoints that one request has been sent to without success, so that its retry goes elsewhere.
///
/// The last four are remembered, inline; a longer list of attempts may come back to the first ones.
public struct TriedEndpoints: Sendable, Equatable {
    @usableFromInline var slots: (Int32, Int32, Int32, Int32) = (-1, -1, -1, -1)

    @inlinable
    public init() {}

    @inlinable public var isEmpty: Bool { slots.0 < 0 }

    @inlinable
    public mutating func insert(_ index: Int) {
        slots = (Int32(truncatingIfNeeded: index), slots.0, slots.1, slots.2)
    }

    @inlinable
    public func contains(_ index: Int) -> Bool {
        let wanted = Int32(truncatingIfNeeded: index)
        return slots.0 == wanted || slots.1 == wanted || slots.2 == wanted || slots.3 == wanted
    }

    public static func == (left: Self, right: Self) -> Bool { left.slots == right.slots }
}
