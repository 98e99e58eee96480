/// Points of a paid request at which a test may kill the daemon, in the order they are passed.
public enum TransportPoint {
  /// Connected, nothing asked yet.
  public static let beforePermit = "submit.permit.before"
  /// The permit is durable, no byte has left.
  public static let afterPermit = "submit.permit.after"
  /// The whole answer is in memory, nobody was told yet.
  public static let response = "submit.response"

  /// All of them.
  public static let all = [beforePermit, afterPermit, response]
}
