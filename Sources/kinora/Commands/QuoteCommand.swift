import KinoraModel

extension Commands {
  /// `kinora quote`: the question that `generate` asks first.
  static let quote = Command(
    name: "quote", summary: "what a video would cost; makes nothing", operands: "PROMPT",
    count: 0...1,
    examples: [
      ("kinora quote \"a paper boat\" -m sample/clip -d 8", "the price and the budget's rest"),
      ("kinora quote \"a paper boat\" -m google -d 8 --json", "with what the model makes of it"),
    ],
    flags: GenerationFlags.all + [.json], notes: [GenerationFlags.note],
    run: { invocation throws(Failure) in
      let fields = try GenerationFields(invocation.arguments)
      return try Read.run(invocation, .post("/v1/quote", fields.body)) { json in
        let quote = Quote(json: json)
        Console.print("\(json.cell("model"))  \(Words.line(quote.sentence))")
        let source = json.cell("source")
        if source != "-" { Console.print("price from \(Words.line(source))") }
        for member in json["asked"]?.members ?? [] {
          let got = json["resolved"]?.cell(member.key) ?? "-"
          if got == "-" { continue }
          Console.print(Words.line("\(member.key): asked \(member.value.cell), gets \(got)"))
        }
        for warning in quote.warnings { Console.error("kinora: \(Words.line(warning))") }
      }
    })
}
