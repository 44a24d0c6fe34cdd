import FoundationEssentials
import Testing
import TulleConfig

/// Each `Wrong/NAME.yaml` has its whole error text in `Wrong/NAME.txt`. After a deliberate change of texts, run with
/// `TULLE_RECORD=1` to write them anew, and read the difference.
@Suite struct WrongFilesTests {
    static let names = ResourceFiles.names(in: "Wrong", suffix: ".yaml")

    @Test("a wrong file is refused with file, line, path and what would be right", arguments: names)
    func refused(_ name: String) throws {
        let bytes = try ResourceFiles.read("Wrong/\(name).yaml")
        var text = ""
        do throws(ConfigurationErrors) {
            let set = try ResourceSet.decode(bytes, file: "\(name).yaml")
            try set.validate()
        } catch {
            text = "\(error)\n"
        }
        if ProcessInfo.processInfo.environment["TULLE_RECORD"] != nil {
            try ResourceFiles.write(text, to: "Wrong/\(name).txt")
        }
        let expected = String(decoding: try ResourceFiles.read("Wrong/\(name).txt"), as: UTF8.self)
        #expect(text == expected)
        #expect(!text.isEmpty)
    }

    @Test("there are at least forty of them")
    func count() {
        #expect(Self.names.count >= 40)
    }
}
