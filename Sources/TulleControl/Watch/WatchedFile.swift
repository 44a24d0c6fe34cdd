import TulleConfig

/// A file of the watched directory as it was read last.
struct WatchedFile: Sendable {
    var path: String
    /// Its resources, each right by itself, or what is wrong.
    var content: Result<ResourceSet, ConfigurationErrors>

    init(path: String, bytes: [UInt8]) {
        self.path = path
        do throws(ConfigurationErrors) {
            content = .success(try ResourceSet.decode(bytes, file: path))
        } catch {
            content = .failure(error)
        }
    }

    init(path: String, unreadable reason: String) {
        self.path = path
        content = .failure(ConfigurationErrors(ConfigurationError(file: path, message: reason)))
    }
}
