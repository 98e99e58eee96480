extension Response {
  /// What the provider asked to wait, milliseconds: in an error's body (google.rpc.RetryInfo), in
  /// `retry-after-ms`, or in `retry-after` as seconds or as an HTTP date (RFC 9110 §10.2.3). At most a
  /// day.
  public func retryAfter(now: Int64) -> UInt32? {
    let day: Int64 = 86_400_000
    var wait: Int64?
    if let seconds = retryDelay {
      wait = Int64(min(max(seconds, 0), 86_400) * 1000)
    } else if let text = headers["retry-after-ms"], let value = Int64(text) {
      wait = value
    } else if let text = headers["retry-after"] {
      if let seconds = Double(text), seconds.isFinite {
        wait = Int64(min(max(seconds, 0), 86_400) * 1000)
      } else if let at = httpDate(text) {
        wait = at - now
      }
    }
    return wait.map { UInt32(min(max($0, 0), day)) }
  }

  /// Seconds of `{"@type":"…google.rpc.RetryInfo","retryDelay":"56.2s"}`, a protobuf Duration.
  private var retryDelay: Double? {
    for detail in complaint.json["details"].array {
      guard let delay = detail["retryDelay"].string, delay.hasSuffix("s") else { continue }
      if let seconds = Double(delay.dropLast()), seconds.isFinite { return seconds }
    }
    return nil
  }
}

/// Milliseconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else.
func httpDate(_ text: String) -> Int64? {
  let words = text.split(separator: " ")
  let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  guard words.count == 6, words[5] == "GMT", let day = Int64(words[1]), (1...31).contains(day),
    let month = months.firstIndex(of: String(words[2])), let year = Int64(words[3]),
    (1970...9999).contains(year)
  else { return nil }
  let clock = words[4].split(separator: ":").compactMap { Int64($0) }
  guard clock.count == 3 else { return nil }
  // Days since 1970 by eras of 400 years that begin in March.
  let number = Int64(month) + 1
  let y = number <= 2 ? year - 1 : year
  let dayOfYear = (153 * (number + (number > 2 ? -3 : 9)) + 2) / 5 + day - 1
  let yearOfEra = y % 400
  let days =
    y / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  return ((days * 24 + clock[0]) * 60 + clock[1]) * 60_000 + clock[2] * 1000
}
