import TulleModel

extension ResourceSet {
    /// Checks that the services which the set's resources name exist.
    ///
    /// - Parameter known: the services known elsewhere; those of the set itself are added to them.
    /// - Throws: an error for each reference to a service or port that is not there.
    public func validate(against known: ServiceDirectory = ServiceDirectory()) throws(ConfigurationErrors) {
        var directory = known
        directory.add(self)
        var errors: [ConfigurationError] = []
        for document in documents {
            let check = ReferenceCheck(document: document, directory: directory)
            errors += check.errors()
        }
        guard errors.isEmpty else { throw ConfigurationErrors(errors) }
    }
}

/// The references of one resource, looked up.
private struct ReferenceCheck {
    let document: ResourceDocument
    let directory: ServiceDirectory

    func errors() -> [ConfigurationError] {
        switch document.resource {
        case .service, .meshPolicy: return []
        case .endpointSlice(let slice):
            let label = EndpointSlice.serviceLabel
            guard directory.ports[slice.service] == nil else { return [] }
            return [
                missing(
                    slice.service, ["metadata", "labels", label], shown: "metadata.labels[\"\(label)\"]")
            ]
        case .httpRoute(let route):
            return parents(route.parents) + backends(route.rules.map(\.backends))
        case .grpcRoute(let route):
            return parents(route.parents) + backends(route.rules.map(\.backends))
        case .tcpRoute(let route):
            return parents(route.parents)
                + route.backends.enumerated().flatMap { index, backend in
                    self.backend(backend, rule: 0, index: index)
                }
        case .backendPolicy(let policy):
            return policy.targets.enumerated().compactMap { index, target in
                guard directory.ports[target] == nil else { return nil }
                return missing(
                    target, ["spec", "targetRefs", "\(index)", "name"], shown: "spec.targetRefs[\(index)].name")
            }
        case .authorizationPolicy(let policy):
            return policy.targets.enumerated().compactMap { index, target in
                guard directory.ports[target] == nil else { return nil }
                return missing(
                    target, ["spec", "targetRefs", "\(index)", "name"], shown: "spec.targetRefs[\(index)].name")
            }
        }
    }

    private func parents(_ parents: [ParentReference]) -> [ConfigurationError] {
        parents.enumerated().compactMap { index, parent in
            let path = ["spec", "parentRefs", "\(index)"]
            return problem(parent.service, parent.port, path, shown: "spec.parentRefs[\(index)]")
        }
    }

    /// - Parameter rules: the backends of each.
    private func backends(_ rules: [[HTTPRoute.Backend]]) -> [ConfigurationError] {
        rules.enumerated().flatMap { rule, backends in
            backends.enumerated().flatMap { index, backend in
                self.backend(backend.reference, rule: rule, index: index)
            }
        }
    }

    private func backend(_ backend: BackendReference, rule: Int, index: Int) -> [ConfigurationError] {
        let path = ["spec", "rules", "\(rule)", "backendRefs", "\(index)"]
        let shown = "spec.rules[\(rule)].backendRefs[\(index)]"
        return problem(backend.service, backend.port, path, shown: shown).map { [$0] } ?? []
    }

    private func problem(_ service: ServiceName, _ port: Int?, _ path: [String], shown: String) -> ConfigurationError? {
        guard let ports = directory.ports[service] else {
            return missing(service, path + ["name"], shown: shown + ".name")
        }
        guard let port, !ports.contains(port) else { return nil }
        let list = ports.map(String.init).joined(separator: ", ")
        return ConfigurationError(
            file: document.file, mark: document.mark(of: path + ["port"]), path: shown + ".port",
            message: "Service \(ConfigurationError.quoted(service.name)) has no port \(port); it has \(list)")
    }

    private func missing(_ service: ServiceName, _ path: [String], shown: String) -> ConfigurationError {
        let neighbours = directory.ports.keys.filter { $0.namespace == service.namespace }.map(\.name).sorted()
        return ConfigurationError(
            file: document.file, mark: document.mark(of: path), path: shown,
            message: "no Service \(ConfigurationError.quoted(service.name)) in namespace "
                + ConfigurationError.quoted(service.namespace),
            suggestion: NearestKey.suggest(for: service.name, among: neighbours))
    }
}
