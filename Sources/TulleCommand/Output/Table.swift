/// Rows in columns, two spaces apart, each column as wide as its widest cell.
struct Table: Sendable {
    enum Alignment: Sendable { case left, right }

    struct Cell: Sendable, ExpressibleByStringLiteral {
        var text: String
        var ink: Palette.Ink?

        init(_ text: String, _ ink: Palette.Ink? = nil) {
            self.text = text
            self.ink = ink
        }

        init(stringLiteral value: String) {
            self.init(value)
        }
    }

    var columns: [(title: String, alignment: Alignment)]
    var rows: [[Cell]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) {
        self.columns = columns
    }

    init(_ titles: [String]) {
        columns = titles.map { ($0, .left) }
    }

    /// The whole table with its heading, each line ended.
    func text(_ palette: Palette) -> String {
        let widths = columns.indices.map { index in
            rows.reduce(columns[index].title.count) { max($0, index < $1.count ? $1[index].text.count : 0) }
        }
        var text = line(columns.map { Cell($0.title, .bold) }, widths, palette)
        for row in rows { text += line(row, widths, palette) }
        return text
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ palette: Palette) -> String {
        var line = ""
        var pending = 0
        for (index, cell) in cells.enumerated() {
            let padding = max(0, widths[index] - cell.text.count)
            if columns[index].alignment == .right { pending += padding }
            // Padding is held back until something follows it: no line ends in spaces.
            if !cell.text.isEmpty {
                line += String(repeating: " ", count: pending)
                line += cell.ink.map { palette.paint(cell.text, $0) } ?? cell.text
                pending = 0
            }
            if columns[index].alignment == .left { pending += padding }
            pending += 2
        }
        return line + "\n"
    }
}
