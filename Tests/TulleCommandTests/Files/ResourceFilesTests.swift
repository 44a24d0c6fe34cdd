import Testing
import TulleConfig

@testable import TulleCommand

/// Files of resources as one stream to the API.
struct ResourceFilesTests {
    private let files = ResourceFiles(files: [
        .init(name: "a.yaml", bytes: Array("one: 1\ntwo: 2\n".utf8)),
        .init(name: "b.yaml", bytes: Array("three: 3".utf8)),
        .init(name: "c.json", bytes: Array("{\"four\": 4}".utf8)),
    ])

    @Test("each line of the stream is known by its file and line there")
    func places() throws {
        let lines = String(decoding: files.stream, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (text, name, line) in [("one: 1", "a.yaml", 1), ("two: 2", "a.yaml", 2), ("three: 3", "b.yaml", 1)] {
            let index = try #require(lines.firstIndex { $0 == text })
            let place = try #require(files.place(line: index + 1))
            #expect(place.file == name && place.line == line)
        }
        let last = try #require(lines.firstIndex { $0.contains("four") })
        #expect(files.place(line: last + 1)?.file == "c.json")
        #expect(files.place(line: 100) == nil)
    }

    @Test("the stream holds a document a file")
    func documents() throws {
        #expect(try YAMLReader.read(Array(files.stream), file: "x").filter { !$0.isNull }.count == 3)
    }
}
