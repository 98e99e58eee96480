import KinoraModel

extension Commands {
  /// `kinora version`: answers without a daemon too.
  static let version = Command(
    name: "version", summary: "versions of this program and of the daemon",
    examples: [
      ("kinora version", "both versions, and a word if they differ"),
      ("kinora version --json", "the same for a script"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      var daemon: JSON = .null
      do throws(Failure) {
        daemon = try invocation.client.json(.get("/v1/version"))
      } catch {
        if error.exit == .usage { throw error }
      }
      if invocation.arguments.has("json") {
        Console.print(
          JSON.object([.init("kinora", .string(Program.version)), .init("kinorad", daemon)]).text)
        return .done
      }
      Console.print("kinora \(Program.version)")
      guard let version = daemon["version"]?.string else {
        Console.print("kinorad not reached at \(invocation.socket)")
        return .done
      }
      let abi = daemon["abi"].map { ", plugin ABI \($0.string ?? $0.text)" } ?? ""
      let schema = daemon["schema"].map { ", store schema \($0.string ?? $0.text)" } ?? ""
      Console.print("kinorad \(version)\(abi)\(schema)")
      if version != Program.version {
        Console.error("kinora: the two differ; restart the daemon after an update")
      }
      return .done
    })
}
