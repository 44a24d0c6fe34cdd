/// Finds the word that somebody probably meant.
public enum NearestKey {
    /// The candidate nearest to `word` by edit distance (case ignored, a swap of neighbours counts as one edit), or
    /// nil when none is near: at most a third of the word's letters, and at least one, may differ. A word that starts
    /// with the whole candidate, or the other way round, is near too (`port` for `portNumber`), and so is the end of
    /// a candidate (`Prefix` for `PathPrefix`).
    public static func suggest(for word: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased().utf8.prefix(64))
        guard !wanted.isEmpty else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(candidate.lowercased().utf8.prefix(64))
            let distance = distance(wanted, letters)
            let allowed = max(1, max(wanted.count, letters.count) / 3)
            guard distance <= allowed, distance < best?.distance ?? .max else { continue }
            best = (candidate, distance)
        }
        if let best { return best.candidate }
        return candidates.first { candidate in
            let letters = candidate.lowercased().utf8
            return letters.count >= 3 && wanted.count >= 3
                && (letters.starts(with: wanted) || wanted.starts(with: letters)
                    || letters.reversed().starts(with: wanted.reversed()))
        }
    }

    /// The restricted Damerau–Levenshtein distance.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        var current = last
        for row in 1...left.count {
            current[0] = row
            for column in 1...right.count {
                let same = left[row - 1] == right[column - 1]
                var cost = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
                    cost = min(cost, beforeLast[column - 2] + 1)
                }
                current[column] = cost
            }
            (beforeLast, last, current) = (last, current, beforeLast)
        }
        return last[right.count]
    }
}
