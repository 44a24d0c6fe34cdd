public import ArgumentParser
import Foundation
import TulleControl

/// The commands of this library, and how a command line is run with them.
public enum CommandSet {
    public static let all: [any ParsableCommand.Type] = [
        RunCommand.self, ApplyCommand.self, GetCommand.self, DeleteCommand.self, ValidateCommand.self,
        StatusCommand.self, StatCommand.self, CheckCommand.self, DemoCommand.self, TokenCommand.self,
        CACommand.self, AuthzCommand.self, VersionCommand.self, CompletionCommand.self,
    ]

    /// Runs the command line to its end.
    /// - Returns: the status to exit with.
    public static func run(_ root: any ParsableCommand.Type, _ arguments: [String]) async -> Int32 {
        let console = Console()
        do {
            var command = try root.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return ExitStatus.ok.rawValue
        } catch let failure as Failure {
            console.report(failure)
            return isRun(arguments) && failure.status == ExitStatus.usage.rawValue ? RunStatus.failed : failure.status
        } catch let error as APIError {
            let failure = Failure(error)
            console.report(failure)
            return failure.status
        } catch let request as CompletionRequest {
            console.print(root.completionScript(for: request.shell))
            return ExitStatus.ok.rawValue
        } catch let code as ExitCode {
            return code.rawValue
        } catch {
            let text = root.fullMessage(for: error)
            if root.exitCode(for: error) == .success {
                console.print(text)
                return ExitStatus.ok.rawValue
            }
            FileHandle.standardError.write(Data((text + "\n").utf8))
            let isUsage = root.exitCode(for: error) == .validationFailure
            // The caller of `tulle run` must be able to tell our status from its command's.
            if isRun(arguments) { return RunStatus.failed }
            return (isUsage ? ExitStatus.usage : .failed).rawValue
        }
    }

    private static func isRun(_ arguments: [String]) -> Bool { arguments.first == "run" }
}

extension ParsableCommand {
    /// The completion script of this command and all below it.
    fileprivate static func completionScript(for shell: String) -> String {
        do {
            _ = try parseAsRoot(["--generate-completion-script", shell])
            return ""
        } catch {
            return message(for: error)
        }
    }
}
