import ArgumentParser
import Glibc
import Logging
import TulleModel
import TulleProxy
import TulleXDS

/// The running sidecar: proxy, admin and control plane's client, from start to orderly end.
struct ProxyProcess {
    let command: TulleProxyCommand
    let loaded: BootstrapFile.Loaded

    func run() async throws {
        let signals = Signals.stream()
        let levels = LevelBox(command.logLevel.level)
        let logger = try makeLogger(levels)
        let bootstrap = loaded.bootstrap
        let bridge = DiscoveryBridge(
            translator: ResourceTranslator(rejectsUnknownFields: command.rejectUnknownDynamicFields), logger: logger)
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        var options = ProxyOptions(
            concurrency: command.concurrency > 0 ? command.concurrency : max(1, cores),
            unusedLifetime: .seconds(command.unusedTimeS), version: ProxyVersion.number,
            commandLine: command.asValues, drainTime: .seconds(command.drainTimeS),
            setLogLevel: { level in levels.set(level) })
        options.ownSecrets = command.identity.secretNames
        let proxy = try await Proxy(
            bootstrap: bootstrap, options: options, subscriber: bootstrap.ads == nil ? nil : bridge, logger: logger)
        do {
            try await proxy.start()
        } catch {
            Output.error("\(error)")
            await proxy.stop()
            throw ExitCode(1)
        }
        try tellAdminAddress(proxy)
        proxy.onQuit { kill(getpid(), SIGTERM) }
        let keeper = command.identity.signer(proxy).map {
            IdentityKeeper(
                proxy: proxy, signer: $0, expected: $0.account?.path, keptIn: command.cacheDir, logger: logger)
        }
        let client = makeClient(bootstrap, proxy, bridge, keeper, logger)
        if let client { bridge.connect(proxy: proxy, client: client) }
        let keeping = Task { await keeper?.run() }
        let discovery = Task { await client?.run() }
        let patience = Task { await awaitListeners(proxy, client) }
        logger.info("serving", metadata: ["version": "\(ProxyVersion.number)", "node": "\(bootstrap.node.id)"])
        let settling = Task {
            Footprint.dropStartupCode()
            // Once more when the control plane's first answers have been taken in.
            try await Task.sleep(for: .seconds(2))
            Footprint.dropStartupCode()
        }

        await waitForEnd(signals, proxy, logger)

        settling.cancel()
        patience.cancel()
        keeping.cancel()
        client?.stop()
        let draining = Task { await proxy.drain(limit: .seconds(command.drainTimeS)) }
        let impatience = Task {
            for await signal in signals where signal == SIGTERM || signal == SIGINT {
                // A second wish to end: what is still open is given up.
                _exit(0)
            }
        }
        await draining.value
        impatience.cancel()
        discovery.cancel()
        await discovery.value
        await keeping.value
        await proxy.stop()
    }

    private func makeLogger(_ levels: LevelBox) throws -> Logger {
        let sink: LogSink
        do {
            sink = try LogSink(path: command.logPath)
        } catch {
            Output.error("\(error)")
            throw ExitCode(1)
        }
        return Logger(label: "tulle-proxy") { _ in LineLogHandler(sink: sink, levels: levels) }
    }

    private func makeClient(
        _ bootstrap: Bootstrap, _ proxy: Proxy, _ bridge: DiscoveryBridge, _ keeper: IdentityKeeper?,
        _ logger: Logger
    ) -> ADSClient? {
        guard let ads = bootstrap.ads, let cluster = bootstrap.clusters.first(where: { $0.name == ads.cluster }) else {
            return nil
        }
        var configuration = ADSClient.Configuration(
            servers: cluster.addresses, node: bootstrap.node, flavour: ads.flavour == .delta ? .delta : .stateOfTheWorld
        )
        configuration.userAgentVersion = ProxyVersion.number
        configuration.initialMetadata = ads.initialMetadata
        configuration.cacheDirectory = command.cacheDir
        if command.identity.signingSocket != nil {
            // A control plane that was started anew may have another root, and asks for no token on its socket.
            configuration.onReconnect = { keeper?.renewSoon() }
        }
        let client = ADSClient(
            configuration, transport: ProxyTransport(proxy: proxy), handler: bridge, logger: logger)
        if bootstrap.dynamicListeners { client.subscribeToAll(.listener) }
        if bootstrap.dynamicClusters { client.subscribeToAll(.cluster) }
        return client
    }

    private func tellAdminAddress(_ proxy: Proxy) throws {
        guard let path = command.adminAddressPath, let address = proxy.adminAddress else { return }
        do {
            try FileText.write("\(address)", to: path)
        } catch {
            Output.error("\(error)")
            throw ExitCode(1)
        }
    }

    /// Ready means that the control plane has spoken of listeners, be it that there are none: no time-out makes up
    /// for that, so that nobody is told to start an app whose sidecar has no configuration.
    private func awaitListeners(_ proxy: Proxy, _ client: ADSClient?) async {
        guard let client, loaded.bootstrap.dynamicListeners else { return }
        while !Task.isCancelled {
            if client.status.types[.listener]?.updateSuccess ?? 0 > 0 { return await proxy.listenersHaveArrived() }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private func waitForEnd(_ signals: AsyncStream<Int32>, _ proxy: Proxy, _ logger: Logger) async {
        for await signal in signals {
            switch signal {
            case SIGTERM, SIGINT:
                logger.info("draining", metadata: ["limit": "\(command.drainTimeS) s"])
                return
            case SIGUSR1:
                proxy.reopenLogs()
            default:
                // SIGHUP, as in Envoy: the end of a terminal is not the end of a proxy.
                break
            }
        }
    }
}

extension Cluster {
    /// The addresses of a bootstrap cluster in the order of the file, names not resolved.
    fileprivate var addresses: [SocketAddress] {
        switch discovery {
        case .fixed(let assignment), .strictDNS(let assignment), .logicalDNS(let assignment):
            assignment.localities.flatMap { $0.endpoints.map(\.address) }
        case .eds, .originalDestination, .dynamicForwardProxy:
            []
        }
    }
}
