import FoundationEssentials
import Testing
import TulleConfig

@Suite struct ResourceReferenceTests {
    @Test("docs/resources.md is what the code says")
    func upToDate() throws {
        let path = "../../docs/resources.md"
        if ProcessInfo.processInfo.environment["TULLE_RECORD"] != nil {
            try ResourceFiles.write(ResourceReference.markdown, to: path)
        }
        let page = String(decoding: try ResourceFiles.read(path), as: UTF8.self)
        #expect(page == ResourceReference.markdown, "run TULLE_RECORD=1 scripts/test to write it anew")
    }
}
