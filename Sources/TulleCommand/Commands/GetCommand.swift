import ArgumentParser
import Foundation
import TulleControl
import TulleModel

/// `tulle get`: resources as the control plane has them, and the mesh as it is.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show resources, workloads, endpoints or proxies.",
        discussion: """
            `tulle get` lists all resources, `tulle get httproute` those of a kind, `tulle get httproute cart` one. \
            `workloads`, `endpoints` and `proxies` are not resources: they show the mesh as it is.
            """)

    @Argument(help: "A kind (service, httproute, …), or workloads, endpoints, proxies.")
    var kind: String?

    @Argument(help: "One resource's name.")
    var name: String?

    @Flag(name: [.customShort("A"), .customLong("all-namespaces")], help: "In all namespaces.")
    var all = false

    @OptionGroup var namespace: NamespaceOptions
    @OptionGroup var controlPlane: ControlPlaneOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let client = try controlPlane.client()
        let format = try output.format()
        let scope = all ? nil : namespace.namespace
        let console = Console()
        let isWanted = { (namespace: String, name: String) in
            (scope == nil || scope == namespace) && (self.name == nil || self.name == name)
        }
        do {
            switch kind?.lowercased() {
            case "workload", "workloads":
                let found = try await client.workloads().filter {
                    isWanted($0.namespace, $0.service) || isWanted($0.namespace, $0.id)
                }
                try show(found, format, console) { MeshTables.workloads(found) }
            case "endpoint", "endpoints":
                let found = try await client.services().filter { isWanted($0.namespace, $0.name) }
                try show(found, format, console) { MeshTables.endpoints(found) }
            case "proxy", "proxies":
                let found = try await client.proxies().filter { name == nil || $0.id == name || $0.workload == name }
                let workloads = format == .table ? try await client.workloads() : []
                try show(found, format, console) { MeshTables.proxies(found, of: workloads) }
            default:
                try await resources(client, format, scope, console)
            }
        } catch let error as APIError {
            throw Failure(error)
        }
    }

    private func resources(
        _ client: ControlPlaneClient, _ format: OutputFormat, _ scope: String?, _ console: Console
    ) async throws {
        if let kind, let name {
            let one = try await client.resource(kind: kind, namespace: namespace.namespace, name: name)
            guard format == .table else { return try console.print(one, format) }
            console.print(MeshTables.resources([one], now: Date()).text(console.output), terminator: "")
            return
        }
        let found = try await client.resources(kind: kind, namespace: scope)
        switch format {
        case .yaml:
            // A stream of documents: it can be edited and applied again.
            console.print(
                found.map { Document($0.value).yamlText }.joined(separator: "---\n"), terminator: "")
        case .json: try console.print(ItemList(items: found), .json)
        case .table:
            if found.isEmpty {
                console.remark("no resources\(scope.map { " in namespace \($0)" } ?? "")")
            } else {
                console.print(MeshTables.resources(found, now: Date()).text(console.output), terminator: "")
            }
        }
    }

    private func show<Item: Encodable>(
        _ items: [Item], _ format: OutputFormat, _ console: Console, table: () -> Table
    ) throws {
        guard format == .table else { return try console.print(ItemList(items: items), format) }
        guard !items.isEmpty else { return console.remark("none") }
        console.print(table().text(console.output), terminator: "")
    }

    private struct ItemList<Item: Encodable>: Encodable {
        var items: [Item]
    }
}
