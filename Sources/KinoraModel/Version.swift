/// The version of everything in this package.
public enum Version {
  /// As `1.2.3`.
  public static let current = "0.1.0"
}
