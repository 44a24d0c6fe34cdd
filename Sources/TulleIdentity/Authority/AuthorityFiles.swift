import Crypto
public import FoundationEssentials
import Glibc

/// Where the authority's key and certificate are: made in a folder on the first start, or the user's own two files.
public struct AuthorityFiles: Hashable, Sendable {
    // Nobody's chain of certificates is larger, and no file is read without a bound.
    private static let maxBytes = 256 << 10

    private let chain: String
    private let key: String
    /// Where they are made when they are missing; nil for the user's own.
    private let folder: String?

    /// Files of the control plane's own: `key.pem` and `cert.pem` in a folder that only its user may enter.
    public init(folder: String) {
        self.folder = folder
        chain = folder + "/cert.pem"
        key = folder + "/key.pem"
    }

    /// The user's own root or intermediate.
    /// - Parameters:
    ///   - chain: PEM certificates, the signing one first and its root last.
    ///   - key: the PEM key of the first.
    public init(chain: String, key: String) {
        folder = nil
        self.chain = chain
        self.key = key
    }

    /// Reads the authority, or makes it. Throws `AuthorityError`.
    public func open(trustDomain: TrustDomain, lifetime: Duration, at now: Date) throws -> Authority {
        if let folder { try makeIfMissing(folder, trustDomain, at: now) }
        return try Authority(
            chain: (chain, Self.read(chain, isSecret: false)), key: (key, Self.read(key, isSecret: true)),
            trustDomain: trustDomain, lifetime: lifetime, at: now)
    }

    private func makeIfMissing(_ folder: String, _ trustDomain: TrustDomain, at now: Date) throws {
        let hasKey = Self.exists(key)
        let hasCertificate = Self.exists(chain)
        if hasKey && hasCertificate { return try Self.checkFolder(folder) }
        guard !hasCertificate else {
            throw AuthorityError(
                "\(key) is missing while \(chain) is there: bring it back from a copy, or move \(folder) away to start "
                    + "with a new root, under which every workload must join anew")
        }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Self.failure("cannot make", folder) }
        try Self.checkFolder(folder)
        let rootKey: P256.Signing.PrivateKey
        if hasKey {
            // The last start ended between the two files: nobody has seen a certificate of this key.
            let pem = try Self.read(key, isSecret: true)
            guard let kept = try? P256.Signing.PrivateKey(pemRepresentation: pem) else {
                throw AuthorityError(
                    "\(chain) is missing, and \(key) is not the key that would make it: bring the certificate back from a copy"
                )
            }
            rootKey = kept
        } else {
            rootKey = P256.Signing.PrivateKey()
            try Self.write(rootKey.pemRepresentation + "\n", to: key, mode: 0o600)
        }
        let made = try Authority.make(
            trustDomain: trustDomain, lifetime: Authority.defaultLifetime, at: now, key: rootKey)
        try Self.write(made.bundle, to: chain, mode: 0o644)
    }

    /// Who may write to the folder may put a key of his own there.
    private static func checkFolder(_ folder: String) throws {
        var status = stat()
        guard lstat(folder, &status) == 0 else { throw failure("cannot read", folder) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw AuthorityError("\(folder) is no folder") }
        guard status.st_uid == geteuid() || status.st_uid == 0, status.st_mode & 0o022 == 0 else {
            throw AuthorityError(
                "\(folder) is to hold the authority's key, and others may write to it: `chown \(geteuid()) \(folder); chmod 700 \(folder)`"
            )
        }
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// - Parameter isSecret: nobody but its owner may be able to read it.
    private static func read(_ path: String, isSecret: Bool) throws -> String {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read", path) }
        defer { close(descriptor) }
        // Of what is open, not of the path: it may have been replaced in between.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw AuthorityError("\(path) is no file") }
        let mode = status.st_mode & 0o777
        guard !isSecret || mode & 0o077 == 0 else {
            throw AuthorityError(
                "\(path) holds a key that others can read (mode 0\(String(mode, radix: 8))): `chmod 600 \(path)`")
        }
        guard !isSecret || status.st_uid == geteuid() || status.st_uid == 0 else {
            throw AuthorityError(
                "\(path) holds a key and belongs to another user (\(status.st_uid)), who can read it: `chown \(geteuid()) \(path)`"
            )
        }
        guard status.st_size <= maxBytes else {
            throw AuthorityError("\(path) has \(status.st_size) bytes: at most \(maxBytes) are read")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= maxBytes {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", path) }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a file whole or not at all, beside its place and renamed into it once it is on the disk.
    private static func write(_ text: String, to path: String, mode: mode_t) throws {
        let draft = path + ".new"
        guard unlink(draft) == 0 || errno == ENOENT else { throw failure("cannot replace", draft) }
        let descriptor = Glibc.open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("cannot write", draft) }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", draft) }
            bytes = bytes.dropFirst(count)
        }
        guard fsync(descriptor) == 0, rename(draft, path) == 0 else { throw failure("cannot write", path) }
    }

    private static func failure(_ what: String, _ path: String) -> AuthorityError {
        AuthorityError("\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
