import Foundation
import SwiftProtobuf
import Testing
import TulleConfig
import TulleXDS

@testable import TulleControl

/// `Golden/NAME.yaml` is what users write, `NAME.asks.yaml` who asks for what, `NAME.json` all that they are told. After
/// a deliberate change run with `TULLE_RECORD=1` to write the answers anew, and read the difference.
@Suite struct GoldenTests {
    private static let types: [String: TypeURL] = [
        "LDS": .listener, "RDS": .routes, "VHDS": .virtualHost, "CDS": .cluster, "EDS": .endpoints,
    ]

    @Test("users' resources compile to the recorded xDS", arguments: ["shop", "grpc"])
    func golden(_ name: String) throws {
        let folder = CompileFixture.folder
        let resources = try String(contentsOf: folder.appending(path: "\(name).yaml"), encoding: .utf8)
        let asks = try String(contentsOf: folder.appending(path: "\(name).asks.yaml"), encoding: .utf8)
        let root = try #require(try YAMLReader.read(asks, file: "\(name).asks.yaml").first)
        let fixture = try CompileFixture(resources: resources, nodes: root["nodes"])

        var text = ""
        for ask in root["asks"]?.sequence ?? [] {
            let type = try #require(Self.types[ask["type"]?.scalar?.text ?? ""])
            let names = Set((ask["names"]?.sequence ?? []).compactMap { $0.scalar?.text })
            let node = ask["node"]?.scalar?.text ?? ""
            let wildcard = ask["wildcard"]?.scalar?.bool ?? false
            text += "# \(node) asks \(type)\n"
            for resource in fixture.ask(type, names, wildcard: wildcard, as: node) {
                if node != "client" { try Self.expectHonoured(resource) }
                let json = try GoldenJSON.text(of: resource)
                let tree = try #require(try YAMLReader.read(json, file: resource.name).first)
                text += "\(resource.name)\n\(YAMLWriter.json(GoldenJSON.sorted(tree), indented: true))\n"
            }
        }
        let file = folder.appending(path: "\(name).json")
        if ProcessInfo.processInfo.environment["TULLE_RECORD"] != nil {
            try Data(text.utf8).write(to: file)
        }
        let expected = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        let actual = text.split(separator: "\n")
        for (index, line) in actual.enumerated() where index >= expected.count || expected[index] != line {
            Issue.record(
                "line \(index + 1) is \(line), expected \(index < expected.count ? expected[index] : "nothing")")
            break
        }
        #expect(actual.count == expected.count)
    }

    /// Whether our own proxy takes a resource without a word.
    private static func expectHonoured(_ resource: NamedResource) throws {
        let translator = ResourceTranslator(rejectsUnknownFields: true)
        switch translator.translate(type: resource.type, name: resource.name, body: resource.body) {
        case .success: break
        case .failure(let error): Issue.record("\(resource.name): \(error)")
        }
    }
}
