import Foundation
import TulleControl

/// Resource files as they are named on the command line: files, folders of *.yaml, *.yml and *.json, and `-`.
struct ResourceFiles: Sendable {
    struct File: Sendable {
        var name: String
        var bytes: [UInt8]
    }

    /// A bound against a folder named by mistake, and the API's own limit on a body.
    static let maxBytes = 8 << 20

    var files: [File] = []

    init(files: [File]) {
        self.files = files
    }

    init(_ names: [String]) throws {
        guard !names.isEmpty else {
            throw Failure(.usage, "no file is named", next: "name files or folders of YAML, or - for standard input")
        }
        for name in names {
            var isFolder: ObjCBool = false
            if name == "-" {
                files.append(File(name: "stdin", bytes: Array(FileHandle.standardInput.readDataToEndOfFile())))
            } else if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue {
                let inside = try Self.inside(name)
                guard !inside.isEmpty else {
                    throw Failure(.failed, "\(name): no .yaml, .yml or .json file is in this folder")
                }
                for path in inside { files.append(try Self.read(path)) }
            } else {
                files.append(try Self.read(name))
            }
        }
        let total = files.reduce(0) { $0 + $1.bytes.count }
        guard total <= Self.maxBytes else {
            throw Failure(.failed, "the files hold \(total) bytes, at most \(Self.maxBytes) go at once")
        }
    }

    private static func inside(_ folder: String) throws -> [String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return names.filter { name in
            !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
        }.sorted().map { folder.hasSuffix("/") ? folder + $0 : "\(folder)/\($0)" }
    }

    private static func read(_ path: String) throws -> File {
        guard let data = FileManager.default.contents(atPath: path) else {
            let reason = String(cString: strerror(errno)).lowercased()
            throw Failure(.failed, "\(path): \(FileManager.default.fileExists(atPath: path) ? reason : "no such file")")
        }
        return File(name: path, bytes: Array(data))
    }

    /// All files as one stream of YAML documents, so that the API takes all of them or none.
    var stream: Data {
        var stream = Data()
        for file in files {
            stream.append(contentsOf: Self.separator)
            stream.append(contentsOf: file.bytes)
            if file.bytes.last != UInt8(ascii: "\n") { stream.append(UInt8(ascii: "\n")) }
        }
        return stream
    }

    private static let separator = Array("---\n".utf8)

    /// The file and line of a line of the stream, both from 1.
    func place(line: Int) -> (file: String, line: Int)? {
        var rest = line
        for file in files {
            let unended = file.bytes.last != UInt8(ascii: "\n")
            let lines = 1 + file.bytes.count { $0 == UInt8(ascii: "\n") } + (unended ? 1 : 0)
            if rest <= lines { return (file.name, max(1, rest - 1)) }
            rest -= lines
        }
        return nil
    }

    /// A detail's place in the user's files, as `web.yaml:3:5: `.
    func place(_ detail: APIError.Detail) -> String {
        guard let line = detail.line, let place = place(line: line) else { return "" }
        return "\(place.file):\(place.line)\(detail.column.map { ":\($0)" } ?? ""): "
    }
}
