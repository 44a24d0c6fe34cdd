import FoundationEssentials
import Testing
import TulleModel

@testable import TulleXDS

@Suite("The files that Envoy and Tulle are compared on")
struct DifferentialConfigTests {
    static let directory =
        #filePath.split(separator: "/", omittingEmptySubsequences: false)
        .dropLast(3).joined(separator: "/") + "/Differential/configs"

    static var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter { $0.hasSuffix(".yaml") }
            .sorted()
    }

    @Test("each loads without a warning", arguments: files)
    func loads(file: String) throws {
        let data = try #require(FileManager.default.contents(atPath: "\(Self.directory)/\(file)"))
        // The suite fills ports in between at signs; any will do here, but each its own.
        var port = 1000
        let parts = String(decoding: data, as: UTF8.self).split(separator: "@", omittingEmptySubsequences: false)
        var text = ""
        for part in parts {
            if !part.isEmpty, part.utf8.allSatisfy({ $0 == 0x5f || 0x41...0x5a ~= $0 || 0x30...0x39 ~= $0 }) {
                port += 1
                text.removeLast()
                text += "\(port)"
            } else {
                text += part + "@"
            }
        }
        text.removeLast()
        let loaded = try BootstrapFile.load(yaml: text, file: file)
        #expect(loaded.warnings.isEmpty)
        #expect(!loaded.bootstrap.listeners.isEmpty)
        #expect(ResourceJSON.string(of: loaded.message) != nil)
    }

    @Test("they are found") func found() { #expect(Self.files.count >= 12) }
}
