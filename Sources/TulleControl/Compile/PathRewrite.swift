import TulleModel

/// How Envoy is told to change a path, with the Gateway API's rules on slashes (HTTPPathModifier.replacePrefixMatch).
enum PathRewrite: Equatable {
    /// In place of the matched prefix.
    case prefix(String)
    /// RE2, over the path without its query.
    case expression(pattern: String, substitution: String)

    init(_ modifier: HTTPRoute.PathModifier, of match: HTTPRoute.Match) {
        switch modifier {
        case .fullPath(let path):
            // `\` cannot stand in a path, so nothing in it is a group.
            self = .expression(pattern: "^/.*$", substitution: path)
        case .prefixMatch(var replacement):
            while replacement.hasSuffix("/") { replacement.removeLast() }
            var prefix = "/"
            if case .prefix(let matched) = match.path { prefix = matched }
            if prefix == "/" {
                // Envoy puts the replacement in place of the one slash.
                self = .prefix(replacement + "/")
            } else if replacement.isEmpty {
                // `/a/b` without `/a` is `/b`, and `/a` without it is `/`.
                self = .expression(pattern: "^\(Self.quoted(prefix))/?(.*)$", substitution: #"/\1"#)
            } else {
                self = .prefix(replacement)
            }
        }
    }

    /// An expression that matches this text only.
    private static func quoted(_ text: String) -> String {
        var result = ""
        for character in text {
            if #"\.+*?()|[]{}^$"#.contains(character) { result += "\\" }
            result.append(character)
        }
        return result
    }
}
