import FoundationEssentials
import SwiftProtobuf
import Testing
import TulleConfig

@testable import TulleXDS

@Suite("What the control plane compiles")
struct CompiledResourceTests {
    private static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/") + "/TulleControlTests/Compile/Golden"

    @Test("is taken by the proxy without a warning")
    func taken() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".json") }
        var taken = 0
        for file in files {
            let data = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(file)"))
            var asker = ""
            var lines: [Substring] = []
            // Each resource stands as JSON behind a line with its name; a line with # says who asked for those that follow.
            for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
                if line.hasPrefix("# ") { asker = String(line) }
                if line == "{" { lines = [] }
                lines.append(line)
                // The client is a gRPC one, whose listeners have no address.
                guard line == "}", !asker.hasPrefix("# client ") else { continue }
                try take(lines.joined(separator: "\n"), "\(file): \(asker)")
                taken += 1
            }
        }
        #expect(taken > 0)
    }

    private func take(_ json: String, _ place: String) throws {
        let node = try #require(try YAMLReader.read(json, file: place).first)
        let url = try #require(node["@type"]?.scalar?.text)
        let type = try #require(ResourceJSON.resourceTypes.first { url.hasSuffix("/\($0.protoMessageName)") })
        let bare = YAMLNode(.mapping((node.mapping ?? []).filter { $0.name != "@type" }), mark: node.mark)
        var reader = MessageReader(allowsUnknownFields: false)
        let body = reader.read(bare, as: type, file: place)
        #expect(reader.errors.isEmpty, "\(reader.errors)")
        let translated = try ResourceTranslator().translate(
            type: TypeURL(rawValue: url), name: "name", body: Data(body)
        ).get()
        #expect(translated.warnings.isEmpty && translated.unknownFields == 0, "\(place): \(translated.warnings)")
    }
}
