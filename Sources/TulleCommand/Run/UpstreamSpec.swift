/// A service that the app calls on a localhost port: `redis:6379`, `redis.data:6379`, `redis:6379=16379`.
struct UpstreamSpec: Equatable, Sendable {
    var service: String
    var namespace: String
    var port: UInt16
    /// The localhost port; 0 lets Tulle choose a free one.
    var listen: UInt16

    init(service: String, namespace: String, port: UInt16, listen: UInt16 = 0) {
        self.service = service
        self.namespace = namespace
        self.port = port
        self.listen = listen
    }

    init(_ text: String, namespace own: String) throws {
        let wrong = Failure(
            .usage, "--upstream \"\(text)\": SERVICE[.NAMESPACE]:PORT[=LOCALPORT] would be right, as redis:6379=16379")
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        let target = sides[0].split(separator: ":", omittingEmptySubsequences: false)
        guard sides.count <= 2, target.count == 2, let port = UInt16(target[1]), port > 0 else { throw wrong }
        let name = target[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard name.count <= 2 else { throw wrong }
        for part in name { try Name.check(part, what: "--upstream") }
        var listen: UInt16 = 0
        if sides.count == 2 {
            guard let given = UInt16(sides[1]), given > 0 else { throw wrong }
            listen = given
        }
        self.init(service: name[0], namespace: name.count == 2 ? name[1] : own, port: port, listen: listen)
    }
}
