/// Tells the control plane that a workload is ready, again and again until it has heard, and then once more: one that is
/// killed just after it has heard may not have written it down.
struct ReadyAnnouncement: Sendable {
    let client: ControlPlaneClient
    let workload: String
    /// After so long it is surely written.
    var confirmation = Duration.seconds(1)

    private static let firstPause = Duration.milliseconds(20)
    // Callers are waiting behind it; and a thousand runs that wait for a control plane to come back ask it a thousand times a
    // second at the most.
    private static let longestPause = Duration.seconds(1)
    /// From when on somebody is to know.
    private static let patience = Duration.seconds(2)

    /// - Parameter remark: told once when it takes long, with what is in the way.
    func untilHeard(remark: @Sendable (String) -> Void) async {
        await say(remark)
        try? await Task.sleep(for: confirmation)
        await say { _ in }
    }

    private func say(_ remark: @Sendable (String) -> Void) async {
        let clock = ContinuousClock()
        let began = clock.now
        var pause = Self.firstPause
        var hasRemarked = false
        while !Task.isCancelled {
            let status = await client.markReady(workload, timeout: .seconds(2))
            if status == 200 { return }
            if clock.now - began > Self.patience, !hasRemarked, !Task.isCancelled {
                remark(Self.describe(status))
                hasRemarked = true
            }
            try? await Task.sleep(for: pause * Double.random(in: 0.5...1))
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private static func describe(_ status: Int?) -> String {
        switch status {
        case nil: "cannot be reached"
        // The sidecar's stream is not there, or at another control plane.
        case 404: "does not know this workload"
        case .some(let status): "answered \(status)"
        }
    }
}
