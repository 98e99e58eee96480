/// Every command, in the order in which the overview shows them.
enum Commands {
  static let all: [Command] = [
    generate, batch, quote, jobs, jobsResolve, show, trace, watch, fetch, cancel, models,
    styles, routeExplain, plugins, pluginNew, providers, usage, capabilities, tenantShow, tenantSet,
    quotaShow, quotaSet, quotaReset, configCheck, configShow, keysCreate, keysList, keysRevoke,
    reload, pause, resume, doctor, doctorProvider, mcp, sandbox, version, completion,
    completionWords, sandboxChild,
  ]

  /// Those that the overview and the spelling help name.
  static var visible: [Command] { all.filter { !$0.isHidden } }

  static func named(_ name: String) -> Command? { all.first { $0.name == name } }
}
