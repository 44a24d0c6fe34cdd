import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Asks the sidecars what they counted.
actor StatsCollector {
    // A sidecar answers in a millisecond; one that does not within this is hung or gone, and the table must not wait.
    static let timeout = TimeAmount.milliseconds(800)
    static let maxBytes = 8 << 20
    /// How many are asked at once: each costs a connection.
    static let concurrency = 64

    private let client: HTTPClient
    private let timeout: TimeAmount
    private var history = StatsHistory()

    /// - Parameters:
    ///   - client: must not follow redirects, see `configuration`.
    ///   - timeout: how long a sidecar may take.
    init(client: HTTPClient, timeout: TimeAmount = StatsCollector.timeout) {
        self.client = client
        self.timeout = timeout
    }

    /// How sidecars are asked. Who answers chose its own address, and must not choose where we go from there.
    static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = timeout
        return configuration
    }

    /// - Parameters:
    ///   - workloads: whom to ask.
    ///   - window: how far back; nil for since the last question, zero for all since each sidecar started.
    func collect(_ workloads: [WorkloadView], window: Duration?) async -> StatsView {
        let time = ContinuousClock.now
        let answers = await scrape(workloads.filter { !$0.admin.isEmpty })
        var counts: [String: TrafficCounts] = [:]
        var unreachable: [StatsView.Unreachable] = []
        for (workload, answer) in answers {
            switch answer {
            case .success(let found): counts["\(workload.id)/\(workload.run)"] = found
            case .failure(let error):
                unreachable.append(StatsView.Unreachable(workload: workload.id, reason: "\(error)"))
            }
        }
        var view = history.add(StatsHistory.Scrape(time: time, counts: counts), window: window)
        view.unreachable = unreachable.sorted { $0.workload < $1.workload }
        return view
    }

    private func scrape(
        _ workloads: [WorkloadView]
    ) async -> [(workload: WorkloadView, answer: Result<TrafficCounts, any Error>)] {
        await withTaskGroup(of: (WorkloadView, Result<TrafficCounts, any Error>).self) { [client, timeout] group in
            var answers: [(WorkloadView, Result<TrafficCounts, any Error>)] = []
            for (index, workload) in workloads.enumerated() {
                if index >= Self.concurrency, let answer = await group.next() { answers.append(answer) }
                group.addTask { (workload, await Self.ask(workload, client, timeout)) }
            }
            for await answer in group { answers.append(answer) }
            return answers
        }
    }

    private static func ask(
        _ workload: WorkloadView, _ client: HTTPClient, _ timeout: TimeAmount
    ) async -> Result<TrafficCounts, any Error> {
        do {
            // A workload says its address by itself: nothing but a host and a port may come of it.
            guard let colon = workload.admin.lastIndex(of: ":"), UInt16(workload.admin[colon...].dropFirst()) != nil,
                !workload.admin.contains(where: { "/?#@\\ ".contains($0) })
            else { throw ControlPlaneError("admin address \"\(workload.admin)\" is not HOST:PORT") }
            let request = HTTPClientRequest(url: "http://\(workload.admin)/stats/prometheus")
            let response = try await client.execute(request, timeout: timeout)
            guard response.status == .ok else {
                throw ControlPlaneError("http://\(workload.admin)/stats/prometheus answered \(response.status.code)")
            }
            let body = try await response.body.collect(upTo: maxBytes)
            return .success(TrafficCounts(prometheus: String(buffer: body)))
        } catch {
            return .failure(error)
        }
    }
}
