import Foundation

/// What the customers have seen so far, as load.py writes it.
struct LoadReport: Codable, Equatable, Sendable {
    var requests = 0
    var errors = 0
    /// Pages with the reviews of each version.
    var v1 = 0
    var v2 = 0
    var lastErrors: [String] = []

    static func read(_ path: String) -> LoadReport {
        guard let data = FileManager.default.contents(atPath: path),
            let report = try? JSONDecoder().decode(LoadReport.self, from: data)
        else { return LoadReport() }
        return report
    }

    /// What came since an earlier report.
    func since(_ earlier: LoadReport) -> LoadReport {
        LoadReport(
            requests: requests - earlier.requests, errors: errors - earlier.errors, v1: v1 - earlier.v1,
            v2: v2 - earlier.v2, lastErrors: Array(lastErrors.suffix(max(0, errors - earlier.errors))))
    }
}
