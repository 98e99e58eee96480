/// For whom a client may ask, where a dialect names customers by number.
///
/// Without a rule a client is its own customer alone: `uid:123` and `key:123` are customer 123. A
/// program that serves many needs a rule in the configuration.
public enum Customers: Sendable, Equatable {
  /// Every number.
  case all
  /// These.
  case only(Set<Int64>)

  /// Whether the viewer may ask for `customer` under the rules, which go by client. Administrators
  /// may ask for everybody.
  public static func allows(
    _ customer: Int64, for viewer: Viewer, rules: [String: Customers]
  ) -> Bool {
    if viewer.isAdmin { return true }
    switch rules[viewer.client] {
    case .all: return true
    case .only(let list): return list.contains(customer)
    case nil: return viewer.client.split(separator: ":").last.flatMap { Int64($0) } == customer
    }
  }
}
