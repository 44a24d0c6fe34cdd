import ArgumentParser
import Foundation
import TulleControl

/// `tulle ca`: the mesh's certificate authority.
struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "See and steer the mesh's certificate authority.",
        subcommands: [Status.self, Deny.self, Bundle.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the root's age, what was issued, what expires when, and who is denied.")

        @OptionGroup var controlPlane: ControlPlaneOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let format = try output.format()
            let authority = try await controlPlane.client().authority()
            let console = Console()
            guard format == .table else { return try console.print(authority, format) }
            console.print(IdentityTables.authority(authority, now: Date(), console.output), terminator: "")
        }
    }

    struct Deny: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give no certificate any more to an identity, or to who holds a certificate.",
            discussion: "What they have is good until it expires: see `tulle ca status`.")

        @Argument(help: "A SPIFFE ID, or a certificate's serial in hex.")
        var subject: String

        @Flag(help: "Take the denial back.")
        var undo = false

        @OptionGroup var controlPlane: ControlPlaneOptions

        func run() async throws {
            let client = try controlPlane.client()
            let console = Console()
            if undo {
                try await client.allow(subject)
                console.print("\(subject) is off the deny list")
            } else {
                console.print("\(try await client.deny(subject).subject) is on the deny list")
            }
        }
    }

    struct Bundle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the roots that prove this mesh's certificates, as PEM.")

        @OptionGroup var controlPlane: ControlPlaneOptions

        func run() async throws {
            Console().print(try await controlPlane.client().trustBundle(), terminator: "")
        }
    }
}
