import KinoraCore
import KinoraModel

/// The section `clients`: a name, who acts for it, what it may use.
extension Configuration {
  mutating func readClients(_ section: SectionReader) {
    var read: [ClientRules] = []
    var owners: [String: String] = [:]
    for (name, client) in section.sections() {
      let rules = Self.client(name, client)
      for principal in rules.principals {
        if let owner = owners.updateValue(name, forKey: principal) {
          client.error("principals", "\(principal) acts for \(owner) already")
        }
      }
      for provider in rules.providers ?? []
      where !providers.contains(where: { $0.name == provider }) {
        let known = providers.map(\.name)
        let near = Spelling.nearest(provider, in: known).first.map { "; did you mean \($0)?" }
        client.error(
          "providers",
          "\(provider) is not configured\(near ?? ": there are \(known.joined(separator: ", "))")")
      }
      read.append(rules)
    }
    clients = read
  }

  private static func client(_ name: String, _ section: SectionReader) -> ClientRules {
    let letters = name.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) || (0x30...0x39).contains(byte)
        || "-_.".utf8.contains(byte)
    }
    if !letters || name.isEmpty || name.utf8.count > 64 {
      // Names of clients that stand for one principal have a colon: none may be taken for another.
      section.errors.add(
        section.place,
        "client name \(name) must be letters, digits, '-', '_' and '.', at most 64")
    }
    var rules = ClientRules(name: name)
    rules.principals = section.strings("principals") ?? []
    for principal in rules.principals where !isPrincipal(principal) {
      section.error("principals", "\(principal) must be uid:NUMBER, gid:NUMBER or key:ID")
    }
    if let words = section.strings("scopes") {
      rules.scopes = []
      for word in words {
        if let scope = ClientScope(rawValue: word) {
          rules.scopes.insert(scope)
        } else {
          let known = ClientScope.allCases.map(\.rawValue).joined(separator: ", ")
          section.error("scopes", "\(word) must be one of \(known)")
        }
      }
    }
    rules.concurrency = section.int("concurrency", 0...100_000) ?? rules.concurrency
    rules.providers = section.strings("providers")
    rules.models = section.strings("models")
    if let budget = section.section("budget") {
      rules.dayCap = budget.money("usd_per_day")
      rules.monthCap = budget.money("usd_per_month")
      rules.userDayCap = budget.money("usd_per_user_per_day")
      budget.finish()
    }
    rules.styles = section.styles()
    section.finish()
    return rules
  }

  private static func isPrincipal(_ text: String) -> Bool {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else { return false }
    switch parts[0] {
    case "uid", "gid": return UInt32(parts[1]).map { String($0) == parts[1] } ?? false
    case "key": return !parts[1].contains(where: \.isWhitespace)
    default: return false
    }
  }
}
