import KinoraModel
import KinoraPluginHost

extension Check {
  /// What is known before the plugin is called.
  static let file: [Check] = [
    Check(
      name: "trust",
      demand: "the file and every folder above it can be changed only by root and this user"
    ) { (subject) throws(KinoraError) in
      let problems = TrustRule.system.problems(subject.file.path)
      guard problems.isEmpty else { throw wrong(problems.joined(separator: "; ")) }
      return "as it should be"
    },
    Check(
      name: "note",
      demand: "the ELF note names this host's ABI and toolchain, and the entry is there"
    ) { (subject) throws(KinoraError) in
      // Trust has a line of its own above.
      let trusting = TrustRule(uid: .max, gid: .max) { _ in false }
      do throws(PluginFile.Refusal) {
        try subject.file.inspect(trust: trusting, sha256: nil)
      } catch {
        if error.state != .untrusted { throw wrong(error.detail) }
      }
      return try subject.file.facts().note ?? "none"
    },
    Check(
      name: "exports", demand: "the entry is the only symbol that the file exports"
    ) { (subject) throws(KinoraError) in
      let exports = try subject.file.facts().exports
      guard exports == [subject.file.entry] else {
        let others = exports.filter { $0 != subject.file.entry }.prefix(8)
        throw wrong(
          "it also exports \(others.joined(separator: ", ")): link it with Plugins/exports.map")
      }
      return subject.file.entry
    },
    Check(
      name: "table", demand: "the entry answers with a table of this ABI"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      return "\(plugin.id) \(plugin.version)"
    },
    Check(
      name: "catalog",
      demand: "models are told apart, priced in time, and reached by a safe address"
    ) { (subject) throws(KinoraError) in
      try catalog(try subject.plugin().catalog)
    },
  ]

  private static func catalog(_ catalog: Catalog) throws(KinoraError) -> String {
    var names: Set<String> = []
    for model in catalog.models {
      for name in [model.id] + model.aliases where !names.insert(name).inserted {
        throw wrong("two models answer to \(name)")
      }
      for date in [model.retiresAt, model.retiredAt].compactMap(\.self)
      where UTC.parse(date) == nil {
        throw wrong("\(model.id): \(date) is no date like 2026-09-24")
      }
      if model.terms.paidSends < 1 { throw wrong("\(model.id): paid_sends must be at least 1") }
      for price in model.prices where UTC.parse(price.date) == nil {
        throw wrong("\(model.id): its price's date \(price.date) is no date like 2026-09-24")
      }
    }
    let isLoopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains {
      catalog.baseURL.hasPrefix($0)
    }
    guard catalog.baseURL.hasPrefix("https://") || isLoopback else {
      throw wrong("base_url must be https, or http on loopback; it is \(catalog.baseURL)")
    }
    let unpriced = catalog.models.filter(\.prices.isEmpty).count
    return "\(catalog.models.count) models, \(unpriced) without a price"
  }
}
