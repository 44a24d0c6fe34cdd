import ArgumentParser
import Foundation
import TulleControl
import TulleModel

/// `tulle status`: what every proxy and every resource says of the configuration.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what each proxy accepted or refused, and why.",
        discussion: "Exit status: 1 when a proxy refused something or a watched file has a fault.")

    @OptionGroup var controlPlane: ControlPlaneOptions
    @OptionGroup var output: OutputOptions

    /// The whole of it, for -o json and -o yaml.
    private struct Everything: Encodable {
        var control: StatusView
        var proxies: [ProxyView]
        var workloads: [WorkloadView]
        var resources: [JSON]
    }

    func run() async throws {
        let client = try controlPlane.client()
        let console = Console()
        let all: Everything
        do {
            all = Everything(
                control: try await client.status(), proxies: try await client.proxies(),
                workloads: try await client.workloads(),
                resources: try await client.resources(kind: nil, namespace: nil))
        } catch let error as APIError {
            throw Failure(error)
        }
        let format = try output.format()
        if format == .table {
            console.print(
                Self.text(all.control, all.proxies, all.workloads, all.resources, console.output), terminator: "")
        } else {
            try console.print(all, format)
        }
        let files = all.control.watch.map { $0.errors.count + $0.files.reduce(0) { $0 + $1.errors.count } } ?? 0
        let faults = all.resources.contains { MeshTables.fault($0) != nil }
        if files > 0 || faults || !all.control.refusals.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    static func text(
        _ status: StatusView, _ proxies: [ProxyView], _ workloads: [WorkloadView], _ resources: [JSON],
        _ palette: Palette
    ) -> String {
        let counts = status.resources.filter { $0.value > 0 }.sorted { $0.key < $1.key }
            .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        var text = """
            control plane  tulle \(status.version), up \(MeshTables.age(Date().timeIntervalSince(status.startedAt))), \
            \(status.ready ? palette.paint("ready", .green) : palette.paint("not ready", .yellow)), xds on \(status.xds)
            store          \(status.store.path) at revision \(status.store.resourceVersion)
            mesh           \(status.services) services, \(status.workloads) workloads, \(status.proxies) proxies
            resources      \(counts.isEmpty ? "none" : counts)

            """
        if let error = status.store.error { text += palette.paint("store error    \(error)", .red) + "\n" }
        if !proxies.isEmpty { text += "\n" + MeshTables.proxies(proxies, of: workloads).text(palette) }
        if !resources.isEmpty { text += "\n" + MeshTables.resources(resources, now: Date()).text(palette) }
        if !status.refusals.isEmpty {
            text += "\n"
            for refusal in status.refusals {
                let origin = refusal.resources.isEmpty ? "" : " (from \(refusal.resources.joined(separator: ", ")))"
                text +=
                    palette.paint("refused", .red)
                    + " by \(MeshTables.shortName(refusal.proxy)): \(refusal.type) \(refusal.name)\(origin): "
                    + refusal.reason + "\n"
            }
        }
        if let watch = status.watch {
            let errors = watch.errors + watch.files.flatMap(\.errors)
            if !errors.isEmpty { text += "\n" }
            for error in errors {
                let place = [error.file, error.line.map(String.init), error.column.map(String.init)].compactMap { $0 }
                text += palette.paint("fault", .red) + " \(place.joined(separator: ":")): "
                text += (error.path.map { "\($0): " } ?? "") + error.message + "\n"
            }
        }
        return text
    }
}
