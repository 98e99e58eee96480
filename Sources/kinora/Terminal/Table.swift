/// Columns under headings, as wide as their contents; the last one fills the terminal's line.
struct Table {
  private var rows: [[String]]

  init(_ headings: [String]) { rows = [headings] }

  mutating func add(_ cells: [String]) { rows.append(cells.map(Words.line)) }

  /// The lines. On a terminal the last column is cut at `columns`; nil cuts nothing.
  func text(columns: Int?) -> String {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { at in
      rows.map { at < $0.count ? $0[at].count : 0 }.max() ?? 0
    }
    let lines = rows.map { row in
      var line = ""
      for (at, cell) in row.enumerated() {
        if at == row.count - 1 {
          let left = columns.map { max(8, $0 - line.count) } ?? cell.count
          line += Words.start(cell, left)
        } else {
          line += padded(cell, widths[at]) + "  "
        }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
    return lines.joined(separator: "\n")
  }

  /// On standard output.
  func show() { Console.print(text(columns: Console.outputIsTerminal ? Console.columns(1) : nil)) }
}
