public import KinoraModel

/// What a held job tells a person: what happened, that it may have been charged, and the command that
/// decides. Each once, in this order, whatever led to it; every door shows it as it stands.
public enum HeldText {
  /// The whole text.
  /// - Parameters:
  ///   - what: what happened, a sentence without its full stop
  ///   - adopts: false where the plugin cannot go on with an id, so that the command names none
  public static func of(_ record: JobRecord, _ what: String, adopts: Bool = true) -> String {
    var what = what[...]
    while let last = what.last, last == "." || last == " " { what.removeLast() }
    return "\(what). It may have been charged by \(record.provider) (about "
      + "\(record.quote.amount.dollars)); do not repeat it. "
      + todo(record, adopts: adopts)
  }

  private static func todo(_ record: JobRecord, adopts: Bool) -> String {
    let command = "kinora jobs resolve \(record.id)"
    if adopts, let handle = record.handle {
      return "The provider has it; when the cause is mended: \(command) --adopt \(handle)"
    }
    let options =
      adopts ? "--adopt PROVIDER_ID, --not-charged or --give-up" : "--not-charged or --give-up"
    return "Look at the provider's own list, then: \(command) \(options)"
  }
}
