import ArgumentParser
import Foundation

/// `tulle run`: a command with a sidecar beside it.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command as a service of the mesh, with a sidecar beside it.",
        usage: "tulle run --service NAME [--port P[:PROTOCOL]]... [options] -- COMMAND [ARGUMENT]...",
        discussion: """
            The sidecar is started first. When it has its configuration, COMMAND starts with http_proxy naming the \
            sidecar, so that http://NAME/ reaches any service of the mesh, and with TULLE_UPSTREAM_NAME=host:port for \
            each --upstream. Signals go to COMMAND. On SIGTERM the registry is left first and COMMAND is told --drain \
            later, so that no caller fails; a second SIGTERM does not wait. When COMMAND ends, the sidecar drains and \
            goes.

            Exit status: COMMAND's own; 128+n when signal n ended it; 125 when tulle failed; 126 when COMMAND cannot \
            be run; 127 when it cannot be found.
            """)

    @Option(help: ArgumentHelp("The service this workload belongs to (env TULLE_SERVICE).", valueName: "name"))
    var service: String?

    @OptionGroup var namespace: NamespaceOptions

    @Option(
        name: [.customShort("p"), .customLong("port")],
        help: ArgumentHelp(
            """
            A port COMMAND listens on, repeatable; PROTOCOL is http, http2, h2c, grpc, grpc-web or tcp, and found out if left \
            out (env TULLE_PORTS, comma-separated).
            """, valueName: "port[:protocol]"))
    var ports: [String] = []

    @Option(
        name: [.customShort("l"), .customLong("label")],
        help: ArgumentHelp(
            "A label, repeatable; app=NAME is always there (env TULLE_LABELS, comma-separated).",
            valueName: "key=value"))
    var labels: [String] = []

    @Option(
        name: .customLong("upstream"),
        help: ArgumentHelp(
            """
            A service to be had on a localhost port, repeatable, for what is not HTTP (env TULLE_UPSTREAMS, \
            comma-separated).
            """, valueName: "service[.ns]:port[=localport]"))
    var upstreams: [String] = []

    @Option(
        help: ArgumentHelp(
            "Where other sidecars reach this one (env TULLE_ADDRESS, default 127.0.0.1).", valueName: "ip"))
    var address: String?

    @Flag(
        help: """
            Also catch TCP to other machines that does not honour http_proxy, by iptables; needs root (env \
            TULLE_TRANSPARENT).
            """)
    var transparent = false

    @Option(
        help: ArgumentHelp(
            "The sidecar's admin port on 127.0.0.1 (env TULLE_ADMIN_PORT, default: a free one).", valueName: "port"))
    var adminPort: Int?

    @Option(
        help: ArgumentHelp(
            "Who the workload is to others (env TULLE_SERVICE_ACCOUNT, default: the service's name).", valueName: "name"
        ))
    var serviceAccount: String?

    @Option(
        help: ArgumentHelp(
            """
            A file with a join token, on another machine than the control plane's, where its socket is not (env \
            TULLE_JOIN_TOKEN_FILE).
            """, valueName: "file"))
    var joinTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Where the token is redeemed (env TULLE_SIGNING, default: as the control plane says).",
            valueName: "host:port"))
    var signing: String?

    @Option(
        help: ArgumentHelp(
            "PEM file of the roots that prove --signing (env TULLE_SIGNING_ROOTS, default: as the control plane says).",
            valueName: "file"))
    var signingRoots: String?

    @Option(
        help: ArgumentHelp(
            "The control plane's xDS address (env TULLE_XDS, default \(Self.defaultXDS)).", valueName: "host:port"))
    var xds: String?

    @OptionGroup var controlPlane: ControlPlaneOptions

    @Flag(
        help: """
            Start COMMAND even if no configuration came within --ready-timeout (env TULLE_START_ANYWAY).
            """)
    var startAnyway = false

    @Option(
        help: ArgumentHelp(
            "How long to wait for the sidecar's configuration (env TULLE_READY_TIMEOUT, default 10s).",
            valueName: "span"))
    var readyTimeout: String?

    @Option(
        help: ArgumentHelp(
            "How long COMMAND goes on answering after the registry was left (env TULLE_DRAIN, default 1s).",
            valueName: "span"))
    var drain: String?

    @Option(
        help: ArgumentHelp(
            "How long the sidecar may take to finish what is in flight (env TULLE_GRACE, default 5s).",
            valueName: "span"))
    var grace: String?

    @Option(help: ArgumentHelp("The sidecar's worker threads (env TULLE_CONCURRENCY, default 1).", valueName: "n"))
    var concurrency: Int?

    @Option(
        help: ArgumentHelp(
            "Append the sidecar's log to this file (env TULLE_PROXY_LOG, default: kept for the run only).",
            valueName: "file"))
    var proxyLog: String?

    @Option(
        help: ArgumentHelp(
            "The sidecar's log level (env TULLE_PROXY_LOG_LEVEL, default warning).", valueName: "level"))
    var proxyLogLevel: String?

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    static let defaultXDS = "127.0.0.1:15010"

    func run() async throws {
        guard !command.isEmpty else {
            throw Failure(
                .usage, "no command to run",
                next: "put it behind --, as in `tulle run --service web --port 8080 -- ./web`")
        }
        let claim = PortClaim()
        let plan = try makePlan(claim)
        var options = RunSupervisor.Options()
        options.startsAnyway = try Setting.flag(startAnyway, "TULLE_START_ANYWAY")
        options.readyTimeout = try Setting.span(readyTimeout, "TULLE_READY_TIMEOUT", default: options.readyTimeout)
        options.drain = try Setting.span(drain, "TULLE_DRAIN", default: options.drain)
        options.proxyGrace = try Setting.span(grace, "TULLE_GRACE", default: options.proxyGrace)
        options.concurrency = try Setting.number(concurrency, "TULLE_CONCURRENCY", default: 1, range: 1...256)
        options.logLevel = Setting.text(proxyLogLevel, "TULLE_PROXY_LOG_LEVEL", default: "warning")
        options.proxyLog = Setting.optional(proxyLog, "TULLE_PROXY_LOG")
        options.identity = RunIdentity.Wishes(
            tokenFile: Setting.optional(joinTokenFile, "TULLE_JOIN_TOKEN_FILE"),
            address: try Setting.optional(signing, "TULLE_SIGNING").map { try HostPort($0, flag: "--signing") },
            rootsFile: Setting.optional(signingRoots, "TULLE_SIGNING_ROOTS"), patience: options.readyTimeout / 2)

        let signals = try Signals.hear([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH])
        let proxy = try ProxyExecutable.find()
        let directory = try RuntimeDirectory(name: plan.name)
        let redirect = plan.transparent == 0 ? nil : TransparentRedirect(port: plan.transparent)
        let supervisor = RunSupervisor(
            plan: plan, options: options, command: command, proxy: proxy, directory: directory,
            controlPlane: try controlPlane.client(), redirect: redirect, console: Console())
        do {
            try directory.write(SidecarBootstrap.yaml(plan, isEnvoy: proxy.isEnvoy), to: "bootstrap.yaml")
            try await redirect?.install()
        } catch {
            await supervisor.cleanUp()
            throw error
        }
        let status = await supervisor.run(signals: signals)
        await supervisor.cleanUp()
        withExtendedLifetime(claim) {}
        throw ExitCode(status)
    }

    /// Settles everything that a run needs to know, free ports included.
    private func makePlan(_ claim: PortClaim) throws -> RunPlan {
        guard let service = Setting.optional(service, "TULLE_SERVICE") else {
            throw Failure(.usage, "no service is named", next: "give --service NAME, or set TULLE_SERVICE")
        }
        try Name.check(service, what: "--service")
        let namespace = namespace.namespace
        try Name.check(namespace, what: "--namespace")
        let account = Setting.text(serviceAccount, "TULLE_SERVICE_ACCOUNT", default: service)
        try Name.check(account, what: "--service-account")
        let address = Setting.text(address, "TULLE_ADDRESS", default: "127.0.0.1")
        guard PortClaim.isFree(0, on: address), !["0.0.0.0", "::"].contains(address) else {
            throw Failure(
                .usage,
                "--address \"\(address)\": an IP address of this machine, by which others reach it, would be right")
        }
        var all = ["app": service]
        for label in Setting.list(labels, "TULLE_LABELS") {
            let (key, value) = try Name.label(label)
            all[key] = value
        }
        let specs = try Setting.list(ports, "TULLE_PORTS").map(PortSpec.init)
        if let twice = specs.first(where: { spec in specs.count { $0.port == spec.port } > 1 }) {
            throw Failure(.usage, "--port \(twice.port) is given twice: each port once would be right")
        }
        let admin = try Setting.number(adminPort, "TULLE_ADMIN_PORT", default: 0, range: 0...65_535)
        return RunPlan(
            service: service, namespace: namespace, account: account, labels: all, address: address,
            ports: try zip(specs, PortSpec.names(specs)).map { spec, name in
                .init(name: name, app: spec.port, inbound: try claim.take(on: address), proto: spec.proto)
            },
            upstreams: try Setting.list(upstreams, "TULLE_UPSTREAMS").map { text in
                var upstream = try UpstreamSpec(text, namespace: namespace)
                upstream.listen = try settle(upstream.listen, claim, what: "--upstream \(text)")
                return upstream
            },
            httpProxy: try claim.take(on: "127.0.0.1"),
            transparent: try transparentPort(claim),
            admin: try settle(UInt16(admin), claim, what: "--admin-port \(admin)"),
            xds: try HostPort(Setting.text(xds, "TULLE_XDS", default: Self.defaultXDS), flag: "--xds"),
            instance: RunPlan.newInstance(), processID: getpid())
    }

    /// A port that the user chose, if it is free; a free one for 0.
    private func settle(_ port: UInt16, _ claim: PortClaim, what: String) throws -> UInt16 {
        guard port != 0 else { return try claim.take(on: "127.0.0.1") }
        guard claim.claim(port), PortClaim.isFree(port, on: "127.0.0.1") else {
            throw Failure(
                status: RunStatus.failed, "\(what): port \(port) is taken on 127.0.0.1",
                next: "choose another, or leave it out and Tulle finds a free one")
        }
        return port
    }

    private func transparentPort(_ claim: PortClaim) throws -> UInt16 {
        guard try Setting.flag(transparent, "TULLE_TRANSPARENT") else { return 0 }
        // Istio's port, where nobody else of this network namespace has it.
        let usual: UInt16 = 15_001
        if claim.claim(usual), PortClaim.isFree(usual, on: "127.0.0.1") { return usual }
        return try claim.take(on: "127.0.0.1")
    }
}
