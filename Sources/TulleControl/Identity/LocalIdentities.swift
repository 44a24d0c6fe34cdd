import Foundation
import Glibc
import TulleIdentity

/// Who a local user may be, when he calls on the control plane's own Unix-domain socket.
public struct LocalIdentities: Hashable, Sendable {
    /// One user's right to an account, or to all of a namespace or mesh.
    public struct Grant: Hashable, Sendable {
        let user: UInt32
        /// Nil for all.
        let namespace: String?
        let name: String?

        /// Reads `USER=NAMESPACE/NAME`: a user's name or number, and `*` for any namespace or name.
        public init(_ text: String) throws {
            let wrong = ControlPlaneError(
                "local identity \"\(text)\": USER=NAMESPACE/NAME is right, with * for any, as alice=shop/*")
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw wrong }
            let names = parts[1].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            // An account of every namespace is a slip more often than a wish.
            guard names.count == 2, names[0] != "*" || names[1] == "*",
                (try? ServiceAccount(
                    namespace: names[0] == "*" ? "any" : names[0], name: names[1] == "*" ? "any" : names[1]))
                    != nil
            else { throw wrong }
            guard let user = Self.user(parts[0]) else {
                throw ControlPlaneError("local identity \"\(text)\": this machine has no user \"\(parts[0])\"")
            }
            self.user = user
            namespace = names[0] == "*" ? nil : names[0]
            name = names[1] == "*" ? nil : names[1]
        }

        init(user: UInt32) {
            self.user = user
            namespace = nil
            name = nil
        }

        func allows(_ account: ServiceAccount) -> Bool {
            (namespace ?? account.namespace) == account.namespace && (name ?? account.name) == account.name
        }

        private static func user(_ text: String) -> UInt32? {
            if let number = UInt32(text) { return number }
            guard let entry = getpwnam(text) else { return nil }
            return entry.pointee.pw_uid
        }
    }

    let grants: [Grant]

    public init(_ grants: [Grant]) { self.grants = grants }

    /// Root and the user that this process runs as may be anybody: both can read the authority's key anyway.
    public static var usual: LocalIdentities { LocalIdentities([Grant(user: 0), Grant(user: geteuid())]) }

    func mayBe(_ account: ServiceAccount, user: UInt32) -> Bool {
        grants.contains { $0.user == user && $0.allows(account) }
    }
}
