import FoundationEssentials
import TulleConfig

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension Translation {
    /// The bytes that a data source names, read now, at most `limit` of them.
    func dataSource(
        _ field: String, _ message: Envoy_Config_Core_V3_DataSource, limit: Int, remedy: String = ""
    )
        -> [UInt8]?
    {
        within(field) {
            let bytes: [UInt8]
            switch message.specifier {
            case nil:
                fail("one of filename, inline_bytes, inline_string and environment_variable is required")
                return nil
            case .inlineBytes(let data): bytes = Array(data)
            case .inlineString(let text): bytes = Array(text.utf8)
            case .environmentVariable(let name):
                guard let value = getenv(name) else {
                    fail("environment_variable", "\(ConfigurationError.quoted(name)) is not set")
                    return nil
                }
                bytes = Array(String(cString: value).utf8)
            case .filename(let name):
                // One byte more than is allowed tells a file that is too long from one that fits.
                guard let content = Self.read(name, upTo: limit + 1) else {
                    fail(
                        "filename",
                        "\(ConfigurationError.quoted(name)) cannot be read: \(String(cString: strerror(errno)))")
                    return nil
                }
                bytes = content
            }
            guard bytes.count <= limit else {
                fail("holds more than \(limit) bytes\(remedy)")
                return nil
            }
            return bytes
        }
    }

    /// Whether somebody else than the owner may read a file; false where it is not there.
    static func isReadableByOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o044 != 0
    }

    private static func read(_ name: String, upTo limit: Int) -> [UInt8]? {
        guard let file = fopen(name, "rb") else { return nil }
        defer { fclose(file) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while content.count < limit {
            let count = fread(&chunk, 1, min(chunk.count, limit - content.count), file)
            content += chunk[..<count]
            if count == 0 { return ferror(file) == 0 ? content : nil }
        }
        return content
    }
}
