public import KinoraModel

/// What a client may ask for.
public enum ClientScope: String, Sendable, CaseIterable {
  /// Making, cancelling, resolving and deleting jobs.
  case submit
  /// Looking at jobs, files, models and figures.
  case read
  /// Everything that uid 0 may, all clients' jobs included.
  case admin
}

/// One configured client: who acts for it, what it may use and what a day may cost.
public struct ClientRules: Sendable, Equatable {
  /// Its name: it owns the jobs, so it stays when a key or a uid changes.
  public var name: String
  /// `uid:1001`, `gid:2000`, `key:ID`.
  public var principals: [String] = []
  /// What it may do.
  public var scopes: Set<ClientScope> = [.submit, .read]
  /// Jobs with providers at once; 0 for no limit.
  public var concurrency = 3
  /// Names of providers it may use; nil for all.
  public var providers: [String]?
  /// Patterns of models it may use, `MODEL` or `PROVIDER/MODEL` with `*`; nil for all.
  public var models: [String]?
  /// What a UTC day may cost; nil for no limit of its own.
  public var dayCap: MicroUSD?
  /// What a calendar month (UTC) may cost; nil for no limit of its own.
  public var monthCap: MicroUSD?
  /// What a UTC day may cost for each of its end users.
  public var userDayCap: MicroUSD?

  /// Styles of its own, by name.
  public var styles: [String: StylePreset] = [:]

  /// A client without principals.
  public init(name: String) { self.name = name }

  /// Somebody who acts for it.
  func viewer(_ principal: String) -> Viewer {
    var viewer = Viewer(
      principal: principal, client: name, isAdmin: scopes.contains(.admin))
    viewer.scopes = scopes
    return viewer
  }

  /// Whether a model may be used.
  public func allows(_ entry: ModelIndex.Entry) -> Bool {
    if let providers, !providers.contains(entry.settings.name) { return false }
    guard let models else { return true }
    let names = [entry.id, entry.model.id] + entry.model.aliases
    return models.contains { pattern in names.contains { Glob.matches(pattern, $0) } }
  }
}

/// Patterns in which `*` stands for any characters, none and `/` included.
package enum Glob {
  package static func matches(_ pattern: String, _ text: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else {
      return pattern == text
    }
    guard text.utf8.count >= first.utf8.count + last.utf8.count, text.hasPrefix(first),
      text.hasSuffix(last)
    else { return false }
    var rest = text.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let at = rest.firstRange(of: part) else { return false }
      rest = rest[at.upperBound...]
    }
    return true
  }
}
