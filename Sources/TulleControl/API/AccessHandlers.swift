import TulleModel

/// What the API says of access.
struct AccessHandlers {
    let world: World

    func why(_ question: AccessQuestion) throws -> AccessAnswer {
        let callees = try workloads(of: question.to, "to").flatMap { workload in
            workload.ports.filter { question.port == nil || $0.app == question.port }.map { (workload, $0) }
        }
        guard !callees.isEmpty else {
            let port = question.port.map { " on port \($0)" } ?? ""
            throw APIError(
                .notFound, "to: no workload of \(question.to) is there\(port): `tulle get workloads` shows them")
        }
        let path = question.path ?? "/"
        guard path.hasPrefix("/") else { throw APIError(.badRequest, "path \"\(path)\": begins with \"/\"") }
        var items: [AccessAnswer.Case] = []
        for principal in try principals(question.from) {
            let call = AccessExplainer.Call(
                principal: principal, address: question.ip, method: question.method ?? "GET",
                host: question.host ?? question.to, path: String(path.prefix { $0 != "?" }),
                headers: Dictionary(
                    (question.headers ?? [:]).map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { $1 }))
            items += callees.map { workload, port in
                AccessAnswer.Case(
                    principal: principal, verdict: AccessExplainer(world: world).explain(call, to: workload, port))
            }
        }
        return AccessAnswer(items: items)
    }

    private func principals(_ from: String) throws -> [String] {
        if from.isEmpty || from.hasPrefix("spiffe://") { return [from] }
        let callers = try workloads(of: from, "from")
        guard !callers.isEmpty else {
            throw APIError(
                .notFound,
                "from: no workload of \(from) is there: `tulle get workloads` shows them; a SPIFFE ID does too")
        }
        return Set(callers.map { $0.hasIdentity ? $0.spiffeID(in: world.trustDomain) : "" }).sorted()
    }

    /// The workloads behind a service, and those that merely call themselves by its name.
    private func workloads(of text: String, _ field: String) throws -> [Workload] {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw APIError(.badRequest, "\(field) \"\(text)\": a service is right, NAME or NAME.NAMESPACE")
        }
        let name = ServiceName(parts[0], namespace: parts.count == 2 ? parts[1] : "default")
        if let service = world.services[name] { return world.workloads(of: service) }
        return world.workloads.filter { $0.service == name.name && $0.namespace == name.namespace }
    }
}
