import KinoraModel

/// What the daemon says that something would cost.
struct Quote {
  let json: JSON

  var amount: MicroUSD { MicroUSD(json["microusd"]?.integer ?? 0) }

  /// The tightest budget's rest; nil where there is no budget.
  var left: MicroUSD? {
    (json["budget"]?.array ?? []).compactMap { $0["left_microusd"]?.integer }.min()
      .map { MicroUSD($0) }
  }

  /// Notes, and what was left out; what was moved is told from `asked`.
  var warnings: [String] {
    (json["warnings"]?.array ?? []).filter { $0["action"]?.string != "adjusted" }
      .compactMap { $0["message"]?.string }
  }

  /// `8 s × $0.40 = about $3.20; budget left $21.80`
  var sentence: String {
    let basis = json["basis"]?.string.map { "\($0) = " } ?? ""
    let left = left.map { "; budget left \($0.dollars)" } ?? ""
    return "\(basis)about \(amount.dollars)\(left)"
  }

  /// Asks before much is spent. Where nobody can answer, the command line must have said so.
  func confirm(_ arguments: Arguments, _ signals: Signals) throws(Failure) {
    let asked = try arguments.dollars("confirm-above")
    guard amount > asked ?? MicroUSD(1_000_000), !arguments.has("yes") else { return }
    if Console.canAsk {
      Console.raw("\(sentence). Go? [y/N] ")
      let answer = Console.readAnswer(signals)?.lowercased()
      if answer == "y" || answer == "yes" { return }
      if answer == nil { Console.error("") }
      throw Failure(exit: .interrupted, what: "nothing was made, nothing was spent")
    }
    if arguments.has("max-cost") { return }
    throw .usage(
      "this costs \(sentence), and nobody is there to ask",
      "say yes beforehand: --yes, or --max-cost USD")
  }
}
