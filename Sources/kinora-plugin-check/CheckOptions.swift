/// What was written on the command line.
struct CheckOptions {
  static let usage = """
    usage: kinora-plugin-check FILE.so [--transcripts DIR] [--rewrite] [--json] [--in-process]
           kinora-plugin-check FILE.so --transcripts DIR --time
           kinora-plugin-check FILE.so --catalog [--models ANSWER.json]
           kinora-plugin-check --list

    Checks a kinora plugin, each check in a process of its own.
      --transcripts DIR  replay the golden conversations of DIR as well
      --rewrite          write them anew where the plugin differs, then read the diff
      --json             one JSON object instead of lines
      --in-process       run everything in this process, for a debugger
      --catalog          check nothing; print the catalog as the host reads it, or why it cannot
      --models FILE      with the provider's own list of models, an answer in a file, put over it
      --list             the checks and what each demands
      --time             check nothing; tell what each event of DIR costs the host, in microseconds
    Exit status: 0 all checks passed, 1 one failed, 2 wrong usage.
    """

  var file = ""
  var transcripts: String?
  var rewrites = false
  var isJSON = false
  var isInProcess = false
  var isTiming = false
  var isListing = false
  var showsCatalog = false
  var models: String?
  var wantsHelp = false
  /// The one check that this process runs for its parent.
  var child: String?

  /// Nil when the line makes no sense.
  init?(_ arguments: some Collection<String>) {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      switch word {
      case "--json": isJSON = true
      case "--rewrite": rewrites = true
      case "--in-process": isInProcess = true
      case "--time": isTiming = true
      case "--list": isListing = true
      case "--catalog": showsCatalog = true
      case "--models":
        guard let answer = rest.popFirst() else { return nil }
        models = answer
      case "--help", "-h": wantsHelp = true
      case "--transcripts":
        guard let folder = rest.popFirst() else { return nil }
        transcripts = folder
      case "--child":
        guard let name = rest.popFirst() else { return nil }
        child = name
      default:
        guard !word.hasPrefix("-"), file.isEmpty else { return nil }
        file = word
      }
    }
    guard wantsHelp || isListing || !file.isEmpty else { return nil }
  }
}
