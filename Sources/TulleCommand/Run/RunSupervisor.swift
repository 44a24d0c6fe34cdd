import Foundation

/// Carries out what `RunMachine` orders: the one place of a run that starts processes, sleeps and talks to peers.
actor RunSupervisor {
    struct Options: Sendable {
        var startsAnyway = false
        var readyTimeout = Duration.seconds(10)
        /// How long the command goes on answering after the registry was left.
        var drain = Duration.seconds(1)
        /// How long the sidecar may take to finish what is in flight.
        var proxyGrace = Duration.seconds(5)
        var concurrency = 1
        var identity = RunIdentity.Wishes()
        var logLevel = "warning"
        /// Where the sidecar logs; nil for a file that goes with the run.
        var proxyLog: String?
    }

    private var plan: RunPlan
    private let options: Options
    private let command: [String]
    private let proxy: ProxyExecutable
    private let directory: RuntimeDirectory
    private let controlPlane: ControlPlaneClient
    private let redirect: TransparentRedirect?
    private let console: Console
    private let events: AsyncStream<RunMachine.Event>
    private let post: AsyncStream<RunMachine.Event>.Continuation

    private var machine: RunMachine
    private var proxyProcess: ChildProcess?
    private var commandProcess: ChildProcess?
    private var terminal: Int32?
    /// Waits for the ports, then tells the control plane; ended when the workload leaves.
    private var readiness: Task<Void, Never>?

    init(
        plan: RunPlan, options: Options, command: [String], proxy: ProxyExecutable, directory: RuntimeDirectory,
        controlPlane: ControlPlaneClient, redirect: TransparentRedirect?, console: Console
    ) {
        self.plan = plan
        self.options = options
        self.command = command
        self.proxy = proxy
        self.directory = directory
        self.controlPlane = controlPlane
        self.redirect = redirect
        self.console = console
        (events, post) = AsyncStream.makeStream()
        machine = RunMachine(startsAnyway: options.startsAnyway, isClientOnly: plan.isClientOnly)
    }

    /// Runs to the end and says with which status to exit.
    func run(signals: AsyncStream<Int32>) async -> Int32 {
        let post = post
        let listening = Task { for await number in signals { post.yield(.signalHeard(number)) } }
        let waiting = Task { await awaitReady() }
        defer {
            listening.cancel()
            waiting.cancel()
        }
        if let status = await carryOut(machine.begin()) { return status }
        for await event in events {
            if let status = await carryOut(machine.handle(event)) { return status }
        }
        return RunStatus.failed
    }

    /// - Returns: the status to exit with, once there is one.
    private func carryOut(_ actions: [RunMachine.Action]) async -> Int32? {
        for action in actions {
            switch action {
            case .settleIdentity: settleIdentity()
            case .startProxy: startProxy()
            case .startProxyLater(let delay): later(delay, .restartDue)
            case .startCommand: startCommand()
            case .watchPorts: watchPorts()
            case .announceReady: announceReady()
            case .forward(let number): commandProcess?.signalGroup(number)
            case .leave: leave()
            case .awaitDrain: later(options.drain, .drainElapsed)
            case .drainProxy:
                let admin = ProxyAdmin(address: "127.0.0.1:\(plan.admin)")
                Task { await admin.drain() }
            case .stopProxy:
                proxyProcess?.signal(SIGTERM)
                later(options.proxyGrace + .milliseconds(500), .proxyGraceElapsed)
            case .killProxy: proxyProcess?.signal(SIGKILL)
            case .report(let report): await tell(report)
            case .exit(let status): return status
            }
        }
        return nil
    }

    private func later(_ delay: Duration, _ event: RunMachine.Event) {
        let post = post
        Task {
            try? await Task.sleep(for: delay)
            post.yield(event)
        }
    }

    /// A sidecar that Envoy stands in for gets no certificate: it has no way to ask for one.
    private func settleIdentity() {
        let (post, directory, client, wishes) = (post, directory, controlPlane, options.identity)
        guard !proxy.isEnvoy else {
            post.yield(.identitySettled)
            return
        }
        Task {
            do {
                plan.identity = try await RunIdentity.find(wishes, client, directory)
                try directory.write(SidecarBootstrap.yaml(plan), to: "bootstrap.yaml")
            } catch {
                plan.identity = nil
                let reason = (error as? Failure)?.message ?? "\(error)"
                console.remark("no certificate, so that connections with others are plain text: \(reason)")
            }
            post.yield(.identitySettled)
        }
    }

    private func startProxy() {
        let log = open(logPath, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let silence = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(log)
            close(silence)
        }
        let arguments = proxy.arguments(
            bootstrap: directory.file("bootstrap.yaml"), cache: directory.file("xds"),
            concurrency: options.concurrency, logLevel: options.logLevel, drain: options.proxyGrace,
            identity: plan.identity?.arguments(namespace: plan.namespace, account: plan.account) ?? [])
        // SIGKILL: with this process killed nobody is left to see that a gentler signal was obeyed.
        let launch = Launch(
            program: proxy.path, arguments: arguments, output: log < 0 ? nil : log, input: silence,
            deathSignal: SIGKILL)
        let post = post
        do {
            let started = ContinuousClock.now
            let child = try launch.start()
            proxyProcess = child
            child.onExit { post.yield(.proxyExited($0, uptime: ContinuousClock.now - started)) }
        } catch {
            post.yield(.proxyRefused("\(error.program): \(error.reason)"))
        }
    }

    private func startCommand() {
        var launch = Launch(program: command[0], arguments: Array(command.dropFirst()))
        launch.environment = AppEnvironment.build(plan, over: ProcessInfo.processInfo.environment)
        launch.terminal = Terminal.toHandOn
        launch.extraGroup = redirect?.group ?? 0
        // As a shell would: descriptors that we were given are the command's too.
        launch.closesOthers = false
        terminal = launch.terminal
        let post = post
        do {
            let child = try launch.start()
            commandProcess = child
            child.onExit { post.yield(.commandExited($0)) }
        } catch {
            post.yield(.commandRefused(error))
        }
    }

    /// Asks the sidecar until it is ready, or the wait is over.
    private func awaitReady() async {
        let admin = ProxyAdmin(address: "127.0.0.1:\(plan.admin)")
        let clock = ContinuousClock()
        let began = clock.now
        var hasRemarked = false
        while clock.now - began < options.readyTimeout, !Task.isCancelled {
            if await admin.isReady() {
                post.yield(.proxyReady)
                return
            }
            if !hasRemarked, clock.now - began > .seconds(2) {
                console.remark("waiting for the control plane at \(plan.xds)")
                hasRemarked = true
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
        post.yield(.readyWaitElapsed)
    }

    private func watchPorts() {
        let (watch, console, post) = (PortWatch(ports: plan.ports.map(\.app)), console, post)
        readiness = Task {
            let isListening = await watch.untilListening { silent in
                let ports = silent.map(String.init).joined(separator: ", ")
                console.remark("nothing listens on 127.0.0.1, port \(ports), yet: no callers come before")
            }
            if isListening { post.yield(.commandListens) }
        }
    }

    private func announceReady() {
        plan.isReady = true
        // What a restarted sidecar is to say of itself.
        try? directory.write(SidecarBootstrap.yaml(plan, isEnvoy: proxy.isEnvoy), to: "bootstrap.yaml")
        let (client, id, console) = (controlPlane, plan.nodeID, console)
        readiness = Task {
            await ReadyAnnouncement(client: client, workload: id).untilHeard { reason in
                console.remark(
                    "the command is ready, but the control plane's API at \(client.base) \(reason): no callers come before "
                        + "it has heard (--api and TULLE_API name it)")
            }
        }
    }

    private func leave() {
        readiness?.cancel()
        let (client, plan, post) = (controlPlane, plan, post)
        Task {
            // Bounded: with the control plane away, the closing stream and its grace period tell the rest.
            await client.leave(plan.nodeID, timeout: .seconds(1))
            post.yield(.left)
        }
    }

    private var logPath: String { options.proxyLog ?? directory.file("proxy.log") }

    private func tell(_ report: RunMachine.Report) async {
        switch report {
        case .notReady:
            console.report(
                Failure(
                    status: RunStatus.failed,
                    "no configuration from the control plane at \(plan.xds) within "
                        + "\(options.readyTimeout.components.seconds) s: \(await controlPlaneState())\(logTail())",
                    next: "start it with `tulle control`, name another with --xds or TULLE_XDS, "
                        + "or start without it: --start-anyway"))
        case .startingAnyway:
            console.remark(
                "starting without configuration (--start-anyway): \(plan.xds) \(await controlPlaneState())")
        case .proxyDiedEarly(let exit):
            console.report(
                Failure(status: RunStatus.failed, "the sidecar ended before it was ready: \(exit)\(logTail())"))
        case .proxyRefused(let reason):
            console.report(
                Failure(
                    status: RunStatus.failed, "the sidecar did not start: \(reason)",
                    next: "build it with scripts/build, or name it with TULLE_PROXY"))
        case .proxyRestarts(let exit):
            console.remark("the sidecar ended (\(exit)) and is being restarted\(logTail())")
        case .commandRefused(let refusal):
            console.report(Failure(status: refusal.shellStatus, "\(refusal.program): \(refusal.reason)"))
        }
    }

    private func controlPlaneState() async -> String {
        await Reachability.describe(plan.xds)
    }

    /// The last lines of the sidecar's log, indented, or nothing.
    private func logTail() -> String {
        guard options.proxyLog == nil, let text = try? String(contentsOfFile: logPath, encoding: .utf8) else {
            return ""
        }
        return text.split(separator: "\n").suffix(5).map { "\n  tulle-proxy: \($0.prefix(400))" }.joined()
    }

    /// What must be undone whichever way the run ended.
    func cleanUp() async {
        if let terminal { Terminal.takeBack(terminal) }
        await redirect?.remove()
        directory.remove()
    }
}
