import ArgumentParser

/// `tulle completion SHELL`: a script that teaches a shell to complete tulle's command lines.
struct CompletionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a shell's completion script.",
        discussion: "bash: source <(tulle completion bash)   zsh: tulle completion zsh > ~/.zfunc/_tulle   "
            + "fish: tulle completion fish > ~/.config/fish/completions/tulle.fish")

    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() async throws {
        // ArgumentParser prints the script for the root command only from the root's own flag.
        throw CompletionRequest(shell: shell.rawValue)
    }
}

/// Asks the entry point, which knows the root command, for a completion script.
struct CompletionRequest: Error {
    var shell: String
}
