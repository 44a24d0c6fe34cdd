/// A route configuration that cannot be compiled, where in it, and what would be right.
struct RouteError: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
