import TulleConfig

/// Where each value of a configuration stood, so that a fault found in a message is told with its file and line.
struct PlaceIndex {
    struct Place {
        var file: String
        var mark: YAMLMark
    }

    private var places: [String: Place] = [:]
    /// How many elements a list has so far: a later file's elements come behind an earlier one's.
    private var counts: [String: Int] = [:]

    mutating func record(_ path: String, file: String, mark: YAMLMark) {
        places[path] = Place(file: file, mark: mark)
    }

    /// Makes room for another element and returns its index.
    mutating func nextIndex(in path: String) -> Int {
        let index = counts[path, default: 0]
        counts[path] = index + 1
        return index
    }

    /// The place of this value, or of the nearest thing around it that was written down.
    func place(of path: String) -> Place? {
        var path = path[...]
        while true {
            if let place = places[String(path)] { return place }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return places[""] }
            path = path[..<end]
        }
    }

    /// `path.key`; a key that is no plain name stands in brackets and quotes.
    static func join(_ path: String, _ key: String) -> String {
        let plain = key.utf8.allSatisfy {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
        guard plain, !key.isEmpty else { return "\(path)[\(ConfigurationError.quoted(key))]" }
        return path.isEmpty ? key : "\(path).\(key)"
    }
}
