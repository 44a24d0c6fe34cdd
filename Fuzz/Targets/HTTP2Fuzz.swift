import NIOCore
import TulleModel

/// A connection as a script: frames of the peer, right and wrong, and what the exchanges do meanwhile. The script is run
/// twice, once with the peer's bytes cut in small reads, and the same has to come of it.
enum HTTP2Fuzz {
    static func run(_ input: FuzzInput) -> Int32 {
        var first = HTTP2Script(input, pieces: false)
        let whole = first.run()
        var second = HTTP2Script(input, pieces: true)
        let cut = second.run()
        // With the windows nearly used up it matters when they are given back, and so how the bytes came.
        let flowControl = HTTP2ErrorCode.flowControlError.rawValue
        if (whole.told + cut.told).contains(where: { $0.code == flowControl }) { return 0 }
        check(whole.told == cut.told, "the reads matter\nwhole: \(whole.account)\ncut: \(cut.account)")
        guard !whole.isFailed else { return 0 }
        let broken = Set(whole.told.filter { $0.what == "broke" }.map(\.id))
        for (id, count) in whole.content where !broken.contains(id) {
            check(cut.content[id] == count, "stream \(id): \(count) bytes, and cut \(cut.content[id] ?? 0)")
        }
        return 0
    }
}

extension HTTP2Driver {
    fileprivate var account: String {
        told.map { "\($0.what) \($0.id) \($0.code)" }.joined(separator: ", ") + (failure.map { ": \($0.reason)" } ?? "")
    }
}
