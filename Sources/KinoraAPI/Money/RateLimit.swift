import KinoraHTTP

/// The limits on a client's jobs as header fields
/// (draft-ietf-httpapi-ratelimit-headers-11, §3 and §4, May 2026): `queued`, the jobs
/// that may wait, and `running`, those that may be with providers at once. Neither has a window:
/// places free when jobs move on. Of a policy's parameters `q` is the quota and `qu` its unit (one of
/// `requests`, `content-bytes`, `concurrent-requests`); of a limit's, `r` is what is left.
struct RateLimit {
  /// Jobs that may wait; 0 for no limit.
  var maxQueued: Int
  var queued: Int
  /// Jobs that may be with providers at once; 0 for no limit.
  var concurrency: Int

  init(_ room: (maxQueued: Int, queued: Int, concurrency: Int)) {
    (maxQueued, queued, concurrency) = room
  }

  /// Adds `RateLimit-Policy` and `RateLimit`, as far as there are limits.
  func write(to fields: inout HTTPFields) {
    var policies: [String] = []
    if maxQueued > 0 { policies.append("\"queued\";q=\(maxQueued);qu=\"concurrent-requests\"") }
    if concurrency > 0 {
      policies.append("\"running\";q=\(concurrency);qu=\"concurrent-requests\"")
    }
    guard !policies.isEmpty else { return }
    fields.append("RateLimit-Policy", policies.joined(separator: ", "))
    // A job over the second limit is not refused but waits, so only the first has something left.
    if maxQueued > 0 { fields.append("RateLimit", "\"queued\";r=\(max(0, maxQueued - queued))") }
  }
}
