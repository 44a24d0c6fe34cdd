// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Glibc
import NIOSSL
import TulleModel

/// Reads certificates, keys and roots, away from the loops.
enum PEMSource {
    /// More than this is no certificate that anybody serves.
    private static let maxBytes = 1 << 20

    static func bytes(_ source: DataSource, _ what: String) throws -> [UInt8] {
        switch source {
        case .bytes(let bytes): return bytes
        case .file(let path):
            guard let file = fopen(path, "rb") else {
                throw ProxyError("\(what) \"\(path)\" cannot be read: \(String(cString: strerror(errno)))")
            }
            defer { fclose(file) }
            var content = [UInt8](repeating: 0, count: maxBytes + 1)
            let count = fread(&content, 1, content.count, file)
            guard ferror(file) == 0 else {
                throw ProxyError("\(what) \"\(path)\" cannot be read: \(String(cString: strerror(errno)))")
            }
            guard count <= maxBytes else { throw ProxyError("\(what) \"\(path)\" has more than \(maxBytes) bytes") }
            return Array(content[..<count])
        }
    }

    static func certificates(_ source: DataSource, _ what: String) throws -> [NIOSSLCertificate] {
        let bytes = try bytes(source, what)
        do {
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            if !certificates.isEmpty { return certificates }
        } catch {}
        throw ProxyError("\(what)\(place(source)) holds no certificate that can be read")
    }

    static func key(_ source: DataSource) throws -> NIOSSLPrivateKey {
        let bytes = try bytes(source, "private key")
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw ProxyError(
                "private key\(place(source)) cannot be read: it must be PEM, of RSA or ECDSA, and without a pass phrase"
            )
        }
    }

    private static func place(_ source: DataSource) -> String {
        if case .file(let path) = source { " \"\(path)\"" } else { "" }
    }
}

/// What a file looked like when it was read, to see that it has changed.
struct FileStamp: Equatable {
    private var inode: UInt
    private var size: Int
    private var modified: [Int]
    /// Who may read it changes this alone.
    private var changed: [Int]

    /// Nil when there is no such file now: it may be in the middle of being replaced.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt(status.st_ino)
        size = Int(status.st_size)
        modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
        changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
    }
}

extension DataSource {
    var path: String? { if case .file(let path) = self { path } else { nil } }
}
