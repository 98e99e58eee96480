import Glibc
import KinoraAPI
import KinoraCore
import KinoraModel
import KinoraPluginHost
import KinoraStore
import KinoraSystem
import KinoraTransport

/// What is looked at when somebody asks how the daemon is, and what each finding means to them.
extension Admin {
  private var smallestFree: Int64 { parts.state.artifacts.freeFloor() }

  func readiness() async -> [ReadinessCheck] {
    var checks: [ReadinessCheck] = []
    var storeProblem: String?
    do throws(KinoraError) {
      try await parts.state.store.ping()
    } catch {
      storeProblem = error.message
    }
    checks.append(ReadinessCheck(name: "store", problem: storeProblem))
    let free = parts.state.artifacts.freeBytes()
    checks.append(
      ReadinessCheck(
        name: "disk",
        problem: free < smallestFree ? "\(free / 1_048_576) MiB are free" : nil))
    _ = await parts.engine.status()
    checks.append(ReadinessCheck(name: "engine"))
    let loaded = parts.registry.list().contains { $0.state == .loaded || $0.state == .changed }
    checks.append(ReadinessCheck(name: "plugins", problem: loaded ? nil : "none is loaded"))
    checks.append(ReadinessCheck(name: "drain", problem: isDraining ? "kinorad is stopping" : nil))
    return checks
  }

  func doctor() async -> [DoctorCheck] {
    var checks = await storage()
    checks += plugins().map { plugin in
      let status: DoctorCheck.Status =
        switch plugin.state {
        case .loaded: plugin.isSlow ? .warn : .ok
        case .changed, .disabled, .shadowed: .warn
        case .untrusted, .incompatible, .missingEntry, .faulted: .fail
        }
      return DoctorCheck(
        name: "plugin \(plugin.name)", status: status,
        detail: plugin.state == .loaded
          ? "\(plugin.version), \(plugin.catalog?.models.count ?? 0) models"
          : "\(plugin.state.rawValue): \(plugin.detail)",
        fix: plugin.state == .changed ? "systemctl restart kinora" : "")
    }
    let gates = await parts.engine.status().gates
    for provider in providers() { checks.append(check(provider, gates[provider.name])) }
    checks.append(await curl())
    checks += await jobs()
    return checks
  }

  func check(_ provider: ProviderFacts, _ gate: String?) -> DoctorCheck {
    let name = "provider \(provider.name)"
    if let problem = provider.problem {
      return DoctorCheck(
        name: name, status: .fail, detail: problem, fix: "kinora plugins; kinora config check FILE")
    }
    if let missing = provider.credentials.first(where: { !$0.isFound && $0.source != "" }),
      !missing.source.contains("not needed")
    {
      return DoctorCheck(
        name: name, status: .fail,
        detail: "the credential \(missing.name) cannot be read (\(missing.source))",
        fix: "write the key there, mode 0600; it is read again by itself")
    }
    if let why = parts.service.policy.readiness(provider.name) {
      return DoctorCheck(
        name: name, status: .fail, detail: why.message, fix: "kinora config check FILE")
    }
    if let warning = provider.warning {
      return DoctorCheck(
        name: name, status: .warn, detail: warning,
        fix: "log in again, or give the folder of logins to the user that kinorad runs as")
    }
    if let gate { return DoctorCheck(name: name, status: .warn, detail: gate) }
    return DoctorCheck(
      name: name, status: .ok,
      detail: "\(provider.baseURL) by \(provider.effectiveTransport.rawValue)"
        + " (\(provider.transportReason))")
  }

  private func curl() async -> DoctorCheck {
    do throws(KinoraError) {
      return DoctorCheck(name: "curl", status: .ok, detail: try await parts.transport.curl.check())
    } catch {
      return DoctorCheck(
        name: "curl", status: .fail, detail: error.message,
        fix: "install a curl with HTTP2, or set curl: in the configuration")
    }
  }

  private func storage() async -> [DoctorCheck] {
    var checks: [DoctorCheck] = []
    let free = parts.state.artifacts.freeBytes()
    checks.append(
      DoctorCheck(
        name: "disk", status: free < smallestFree ? .fail : .ok,
        detail: "\(free / 1_048_576) MiB are free in \(inForce.stateDirectory)",
        fix: free < smallestFree ? "free some space; finished jobs wait for it" : ""))
    do throws(KinoraError) {
      let problems = try await parts.state.store.integrityProblems()
      checks.append(
        DoctorCheck(
          name: "database", status: problems.isEmpty ? .ok : .fail,
          detail: problems.first ?? "whole, synchronous=FULL, schema \(version.schema)",
          fix: problems.isEmpty
            ? "" : "stop kinorad, restore the last backup; nothing is paid twice"))
      let differences = try await parts.state.store.moneyDifferences()
      checks.append(
        DoctorCheck(
          name: "money", status: differences.isEmpty ? .ok : .fail,
          detail: differences.first ?? "budgets, holds and ledger agree",
          fix: differences.isEmpty
            ? "" : "report this; do not raise a budget until it is understood"))
      let counts = try await parts.state.store.quotaDifferences()
      checks.append(
        DoctorCheck(
          name: "quota", status: counts.isEmpty ? .ok : .fail,
          detail: counts.first ?? "counts of tenants and their jobs agree",
          fix: counts.isEmpty ? "" : "report this"))
    } catch {
      checks.append(DoctorCheck(name: "database", status: .fail, detail: error.message))
    }
    if parts.state.journalWasLost {
      checks.append(
        DoctorCheck(
          name: "intent journal", status: .warn,
          detail: "it is older than the database: what was paid for may be missing in it"))
    }
    return checks
  }

  private func jobs() async -> [DoctorCheck] {
    let counts = parts.directory.counts()
    let held = (counts[.held] ?? 0) + (counts[.submitUnknown] ?? 0)
    var checks = [
      DoctorCheck(
        name: "held jobs", status: held > 0 ? .warn : .ok,
        detail: held > 0 ? "\(held) jobs may have been charged and wait for a person" : "none",
        fix: held > 0 ? "kinora jobs --status held; kinora jobs resolve ID" : "")
    ]
    let soon = parts.clock.now() + 30 * 86_400_000
    let retiring = parts.service.policy.index.entries.filter { entry in
      entry.model.retiresAt.flatMap(UTC.parse).map { $0 < soon } ?? false
    }
    if !retiring.isEmpty {
      checks.append(
        DoctorCheck(
          name: "retiring models", status: .warn,
          detail: retiring.map { "\($0.id) on \($0.model.retiresAt ?? "")" }.joined(separator: ", ")
        ))
    }
    return checks
  }
}
