// The C types here count as Glibc's or as those of NIO's wrapping of it, by what is compiled with this file.
import CNIOLinux
import Glibc
import TulleModel

/// A proxy's key and certificate on disk, for one that is started again while its authority is away.
///
/// Written for the proxy's own user alone, whole beside the old one, and renamed over it.
struct IdentityFile {
    private let folder: String
    private let path: String

    init(in folder: String) {
        self.folder = folder
        path = "\(folder)/identity.pem"
    }

    /// What stands between the certificate's chain and the roots; not PEM, so that no reader of PEM minds it.
    private static let divider = "# roots\n"

    /// The certificate that the last run had, while it is good; nil when there is none that may be believed.
    func load() -> WorkloadCertificate? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 == 0,
            let bytes = try? PEMSource.bytes(.file(path), "identity"),
            let text = String(validating: bytes, as: UTF8.self), let middle = text.firstRange(of: Self.divider),
            let begin = text.firstRange(of: "-----BEGIN CERTIFICATE-----"), begin.lowerBound < middle.lowerBound,
            let key = try? SigningKey(pem: String(text[..<begin.lowerBound])),
            let kept = try? WorkloadCertificate(
                [String(text[begin.lowerBound..<middle.lowerBound]), String(text[middle.upperBound...])], for: key)
        else { return nil }
        return kept.notAfter > time(nil) ? kept : nil
    }

    /// Throws when it cannot be kept, which does no other harm.
    func save(_ certificate: WorkloadCertificate) throws {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure() }
        let temporary = "\(path).\(getpid()).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        var text = certificate.key + certificate.chain + "\n" + Self.divider + certificate.roots
        var written = text.withUTF8 { Glibc.write(descriptor, $0.baseAddress, $0.count) == $0.count }
        written = fsync(descriptor) == 0 && written
        let error = failure()
        close(descriptor)
        guard written else {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let error = failure()
            unlink(temporary)
            throw error
        }
    }

    private func failure() -> ProxyError { ProxyError("\(path): \(String(cString: strerror(errno)))") }
}
