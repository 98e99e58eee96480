import KinoraModel

extension Commands {
  /// `kinora doctor provider`: what differs by account is asked of the provider, for nothing.
  static let doctorProvider = Command(
    name: "doctor provider", summary: "which models a provider's key may use", operands: "NAME",
    count: 1...1,
    examples: [
      ("kinora doctor provider google", "the key, the way there, each model: yes, no or unknown"),
      ("kinora doctor provider google --json", "the same for a script"),
    ],
    flags: [.json],
    notes: [
      "The provider is asked for its list of models, which costs nothing. Exit 1: a check fails."
    ],
    run: { invocation throws(Failure) in
      let name = invocation.arguments.operands.first ?? ""
      let answer = try invocation.client.send(.get("/v1/doctor/\(name.escaped)"))
      let json = answer.json ?? .null
      if invocation.arguments.has("json") {
        Console.print(answer.body)
      } else {
        for check in json["checks"]?.array ?? [] { Console.print(Check(check).text) }
        var table = Table(["MODEL", "MAY"])
        for model in json["models"]?.array ?? [] {
          table.add([model.cell("id"), model.cell("may")])
        }
        table.show()
      }
      return json["ok"]?.bool == true ? .done : .jobFailed
    })
}
