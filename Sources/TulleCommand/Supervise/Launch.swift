import CSpawn
import Foundation

/// What to start and how; `start()` starts it.
struct Launch: Sendable {
    var program: String
    var arguments: [String] = []
    var environment: [String: String] = ProcessInfo.processInfo.environment
    /// Where standard output and standard error go; nil leaves them as ours.
    var output: Int32?
    /// Where standard input comes from; nil leaves it as ours.
    var input: Int32?
    /// Sent to the child when we die, however we die.
    var deathSignal: Int32 = SIGTERM
    /// A terminal whose foreground the child's group is to have.
    var terminal: Int32?
    /// One more supplementary group, by which iptables knows the child's traffic.
    var extraGroup: UInt32 = 0
    /// Whether descriptors beyond the standard three are withheld.
    var closesOthers = true

    /// Why a program did not start: the errno of fork or exec.
    struct Refusal: Error, Equatable {
        var program: String
        var code: Int32

        var reason: String { String(cString: strerror(code)).lowercased() }
        /// As shells say it: 127 when it is not there, 126 when it cannot be run.
        var shellStatus: Int32 { code == ENOENT ? 127 : 126 }
    }

    /// Starts the child in a process group of its own.
    func start() throws(Refusal) -> ChildProcess {
        let argv = Self.strings([program] + arguments)
        let envp = Self.strings(environment.map { "\($0.key)=\($0.value)" })
        defer {
            for pointer in argv + envp { free(pointer) }
        }
        var child: pid_t = 0
        let code = argv.withUnsafeBufferPointer { argv in
            envp.withUnsafeBufferPointer { envp in
                var plan = tulle_spawn()
                plan.path = UnsafePointer(argv[0])
                plan.arguments = argv.baseAddress
                plan.environment = envp.baseAddress
                plan.standard_input = input ?? -1
                plan.standard_output = output ?? -1
                plan.standard_error = output ?? -1
                plan.parent_death_signal = deathSignal
                plan.terminal = terminal ?? -1
                plan.new_group = 1
                plan.close_others = closesOthers ? 1 : 0
                plan.extra_group = extraGroup
                return tulle_spawn(&plan, &child)
            }
        }
        guard code == 0 else { throw Refusal(program: program, code: code) }
        return ChildProcess(id: child, terminal: terminal)
    }

    private static func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }
}
