import FoundationEssentials
import Testing
import TulleConfig
import TulleModel

/// The manifests of the Gateway API's own mesh conformance suite, where they lie beside the repository.
@Suite struct GatewayConformanceTests {
    static let folder = "\(ResourceFiles.folder)/../../../shared/gateway-api/conformance"
    static let isThere = FileManager.default.fileExists(atPath: folder)

    static let manifests: [String] = {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/tests/mesh")) ?? []
        return all.filter { $0.hasPrefix("httproute-") || $0.hasPrefix("grpcroute-") || $0.hasPrefix("mesh-") }.sorted()
    }()

    /// What the conformance manifests attach to.
    static let services = ServiceDirectory(
        ports: Dictionary(
            uniqueKeysWithValues: ["echo", "echo-v1", "echo-v2", "echo-v3"].map {
                (ServiceName($0, namespace: "gateway-conformance-mesh"), [80, 443, 7070, 8080, 9090])
            }))

    @Test(
        "the mesh manifests of the Gateway API's conformance suite are read",
        .enabled(if: isThere, "skipped: ../shared/gateway-api is not beside the repository"), arguments: manifests)
    func mesh(_ name: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(Self.folder)/tests/mesh/\(name)")))
        do throws(ConfigurationErrors) {
            let set = try ResourceSet.decode(bytes, file: name)
            #expect(!set.documents.isEmpty)
            try set.validate(against: Self.services)
        } catch {
            Issue.record("\(error)")
        }
    }
}
