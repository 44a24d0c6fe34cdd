import Foundation

/// The processes of a demo: each logs to a file of its own, each is started again when it dies unasked, and none is
/// left when the demo ends.
actor DemoProcesses {
    private struct Entry {
        var instance: ShopInstance
        var process: ChildProcess?
        var generation = 0
    }

    private let folder: String
    private let environment: [String: String]
    private let remark: @Sendable (String) -> Void
    private var entries: [String: Entry] = [:]
    private var control: ChildProcess?
    private var isEnding = false
    /// Instances that tulle itself could not run: no restart mends that.
    private var hopeless: [String] = []
    private var running: Set<pid_t> = []

    /// - Parameters:
    ///   - folder: where logs go.
    ///   - environment: of every process.
    init(folder: String, environment: [String: String], remark: @escaping @Sendable (String) -> Void) {
        self.folder = folder
        self.environment = environment
        self.remark = remark
    }

    func startControl(_ arguments: [String]) throws {
        let process = try launch("control", ProxyExecutable.own, arguments, [:])
        control = process
        process.onExit { exit in Task { await self.controlEnded(process.id, exit) } }
    }

    func start(_ instance: ShopInstance, proxy: String?) throws {
        var instance = instance
        if let proxy { instance.environment["TULLE_PROXY"] = proxy }
        instance.environment["TULLE_PROXY_LOG"] = "\(folder)/\(instance.name).proxy.log"
        entries[instance.name] = Entry(instance: instance)
        try start(instance.name)
    }

    private func start(_ name: String) throws {
        guard var entry = entries[name], !isEnding else { return }
        let process = try launch(name, ProxyExecutable.own, entry.instance.runArguments, entry.instance.environment)
        entry.process = process
        entry.generation += 1
        entries[name] = entry
        process.onExit { exit in Task { await self.ended(name, process.id, exit) } }
    }

    private func launch(
        _ name: String, _ program: String, _ arguments: [String], _ own: [String: String]
    ) throws -> ChildProcess {
        let path = "\(folder)/\(name).log"
        let log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let silence = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(log)
            close(silence)
        }
        guard log >= 0 else { throw Failure(.failed, "cannot write \(path)") }
        // SIGTERM at our death: each then leaves the mesh and ends what it runs.
        let launch = Launch(
            program: program, arguments: arguments,
            environment: environment.merging(own) { $1 }, output: log, input: silence, deathSignal: SIGTERM)
        do {
            let process = try launch.start()
            running.insert(process.id)
            return process
        } catch {
            throw Failure(.failed, "\(error.program): \(error.reason)")
        }
    }

    private func controlEnded(_ id: pid_t, _ exit: ChildExit) {
        running.remove(id)
        control = nil
        if !isEnding { remark("the control plane ended (\(exit)): see \(folder)/control.log") }
    }

    private func ended(_ name: String, _ id: pid_t, _ exit: ChildExit) {
        running.remove(id)
        entries[name]?.process = nil
        guard !isEnding else { return }
        if exit.shellStatus == RunStatus.failed { hopeless.append(name) }
        remark("\(name) ended (\(exit)); a new one comes in 5 s")
        Task {
            // Long enough to see on the live table that nobody misses it.
            try? await Task.sleep(for: .seconds(5))
            do { try start(name) } catch { remark("\(name) does not start: \(error)") }
        }
    }

    var controlIsRunning: Bool { control != nil }

    /// Throws when `tulle run` itself failed for an instance, with what it said.
    func checkRuns() throws {
        guard let name = hopeless.first else { return }
        let log = (try? String(contentsOfFile: "\(folder)/\(name).log", encoding: .utf8)) ?? ""
        let lines = log.split(separator: "\n").prefix(6).map { "\n  \($0)" }.joined()
        throw Failure(.failed, "\(name) could not be started:\(lines)", next: "the logs are in \(folder)")
    }

    /// The `tulle run` of an instance, or nil while it is down.
    func run(of name: String) -> pid_t? { entries[name]?.process?.id }

    /// How often an instance was started.
    func generation(of name: String) -> Int { entries[name]?.generation ?? 0 }

    /// The app of an instance: its `tulle run`'s child that is not the sidecar.
    func app(of name: String) -> pid_t? {
        guard let run = run(of: name) else { return nil }
        return ProcessTable.children(of: run).first {
            !$0.name.hasPrefix("tulle-proxy") && !$0.name.hasPrefix("envoy")
        }?.id
    }

    /// Ends everything: the customers, then the services, then the control plane, and what is still there by force.
    /// - Returns: the processes that were there until they were killed; empty after a clean end.
    func end() async -> [String] {
        isEnding = true
        entries["load"]?.process?.signal(SIGTERM)
        await wait(until: { self.entries["load"]?.process == nil }, for: .seconds(10))
        for entry in entries.values { entry.process?.signal(SIGTERM) }
        await wait(until: { self.entries.values.allSatisfy { $0.process == nil } }, for: .seconds(20))
        var forced = entries.values.filter { $0.process != nil }.map(\.instance.name)
        control?.signal(SIGTERM)
        await wait(until: { self.control == nil }, for: .seconds(10))
        if control != nil { forced.append("control") }
        for id in running { Foundation.kill(-id, SIGKILL) }
        await wait(until: { self.running.isEmpty }, for: .seconds(5))
        return forced.sorted()
    }

    /// Ends everything at once.
    func kill() {
        isEnding = true
        for id in running { Foundation.kill(-id, SIGKILL) }
    }

    private func wait(until isDone: () -> Bool, for span: Duration) async {
        let clock = ContinuousClock()
        let end = clock.now + span
        while !isDone(), clock.now < end { try? await Task.sleep(for: .milliseconds(20)) }
    }
}
