import KinoraModel

extension Commands {
  /// `kinora plugin new`: a folder with a plugin that builds, is checked and makes a clip at once.
  static let pluginNew = Command(
    name: "plugin new", summary: "write a new plugin that builds and works at once",
    operands: "NAME", count: 1...1,
    examples: [
      ("kinora plugin new runway --lang swift", "a folder runway; its README says how to go on"),
      ("kinora plugin new runway --lang c --dir ~/kinora-runway", "in C, in another folder"),
    ],
    flags: [
      Flag("lang", nil, .value("LANG"), "swift or c (swift)"),
      Flag("dir", nil, .value("DIR"), "the folder to make (NAME)"),
    ],
    notes: [
      "NAME is how the configuration will call it: lower-case letters, digits and hyphens. The\n"
        + "plugin speaks to the simulator until you put your provider's wire in its place."
    ],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      guard let text = arguments.operands.first else { throw .usage("a name is needed") }
      let name = try PluginName(text)
      let language = arguments.value("lang") ?? "swift"
      guard ["swift", "c"].contains(language) else {
        throw .usage("--lang is swift or c, not \(Shell.quoted(language))")
      }
      let template = try PluginTemplate(language: language)
      let folder = Files.absolute(arguments.value("dir") ?? name.text)
      try template.write(name, to: folder)
      Console.print(folder)
      Console.error("kinora: next: cd \(Shell.quoted(folder)) && make check && make try")
      return .done
    })
}
