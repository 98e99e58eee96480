import KinoraPlugin

/// What a task says of itself.
extension Kling {
  /// US dollars of one unit, in millionths (third-party copies of the price list, September 2026).
  private static let unit = 140_000.0

  func follow(_ data: JSON, _ id: String, _ generation: Generation, _ context: Context)
    throws(Failure) -> Step<State>
  {
    let task: JSON
    switch generation {
    case .legacy: task = data
    case .tasks:
      guard case .array(let list) = data else {
        throw Failure(.protocol, "the provider answered a poll without a list of tasks")
      }
      guard let own = list.first(where: { $0["id"].text == id }) else {
        throw Failure(.notFound, "the provider does not know the task \(id)")
      }
      task = own
    }
    guard let status = task["task_status"].string ?? task["status"].string else {
      throw Failure(.protocol, "the provider answered a poll without a status")
    }
    switch status.lowercased() {
    // One vendor, two spellings.
    case "succeed", "succeeded", "success", "completed":
      return .succeed(try output(task, context)).handle(id)
    case "failed", "failure", "fail", "error":
      let words = Failure.cleaned(
        task["task_status_msg"].string ?? task["message"].string ?? "")
      guard !words.isEmpty else {
        throw Failure(.refused, "the provider failed the task without a reason")
      }
      throw Failure(.refused, Self.isFilter(words) ? "content refused: \(words)" : words)
    case "cancelled", "canceled": throw Failure(.refused, "the provider cancelled the task")
    default:
      // submitted, processing; a word that is not known is no end.
      return .wait(Self.pace, .polling(id: id, api: generation)).handle(id)
    }
  }

  /// The video without a watermark. Its own id, not the task's, is what an extension goes on from.
  private func output(_ task: JSON, _ context: Context) throws(Failure) -> Output {
    let files = task["task_result"]["videos"].array + task["outputs"].array
    let videos = files.filter { ($0["type"].string ?? "video") == "video" }
    let assets = videos.compactMap { $0["url"].string.flatMap { asset($0, context) } }
    guard !assets.isEmpty else {
      throw Failure(.refused, "the task is done and names no video that can be fetched")
    }
    return Output(assets: assets, costMicroUSD: cost(task), handle: videos[0]["id"].text)
  }

  /// Results carry their own signature and no key.
  private func asset(_ url: String, _ context: Context) -> Asset? {
    let isPlain = url.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }
    // Scheme, nothing, authority.
    let origin = context.baseURL.split(
      separator: "/", maxSplits: 3, omittingEmptySubsequences: false
    ).prefix(3).joined(separator: "/")
    return isPlain && (url.hasPrefix("https://") || url.hasPrefix(origin + "/")) ? .url(url) : nil
  }

  /// What Kling says it took: units of a pack, or cash. Nil where it says nothing that is dollars; the
  /// catalog's price counts then.
  private func cost(_ task: JSON) -> Int64? {
    if let units = task["final_unit_deduction"].double, units > 0, units < 1_000_000 {
      return Int64((units * Self.unit).rounded())
    }
    var total: Int64 = 0
    for entry in task["billing"].array {
      guard let amount = entry["amount"].double, amount >= 0, amount < 1_000_000 else { return nil }
      switch entry["charge_type"].string?.lowercased() {
      case "unit": total += Int64((amount * Self.unit).rounded())
      case "cash" where entry["currency"].string?.uppercased() == "USD":
        total += Int64((amount * 1_000_000).rounded())
      default: return nil
      }
    }
    return total > 0 ? total : nil
  }

  static func isFilter(_ words: String) -> Bool {
    let lower = words.lowercased()
    return ["risk control", "sensitive", "policy", "safety", "violat"].contains {
      lower.contains($0)
    }
  }
}
