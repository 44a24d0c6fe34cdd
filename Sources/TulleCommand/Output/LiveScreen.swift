import Foundation

/// A table that stays in place on a terminal while its figures change.
enum LiveScreen {
    /// The bytes that show `text` from the top left corner: drawn over the last frame rather than after clearing it,
    /// which would flicker.
    static func frame(_ text: String, rows: Int? = Terminal.size(STDOUT_FILENO)?.rows) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        if let rows, lines.count >= rows, rows > 1 {
            let hidden = lines.count - (rows - 2)
            lines = Array(lines.prefix(rows - 2)) + ["… \(hidden) more lines: name services to see fewer"]
        }
        return "\u{1b}[H" + lines.map { $0 + "\u{1b}[K\n" }.joined() + "\u{1b}[J"
    }
}
