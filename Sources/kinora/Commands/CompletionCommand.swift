import KinoraModel

extension Commands {
  static let completion = Command(
    name: "completion", summary: "completion for bash", operands: "bash", count: 1...1,
    examples: [
      ("source <(kinora completion bash)", "in this shell"),
      (
        "kinora completion bash | sudo tee /usr/share/bash-completion/completions/kinora",
        "for everybody"
      ),
    ],
    run: { invocation throws(Failure) in
      guard invocation.arguments.operands == ["bash"] else {
        throw .usage("only bash is known", "kinora completion bash")
      }
      Console.print(script)
      return .done
    })

  /// Ids and models for the script: quickly, and silently when there is no daemon.
  static let completionWords = Command(
    name: "completion-words", summary: "used by kinora completion", operands: "ids|models",
    count: 1...1,
    examples: [
      ("kinora completion-words ids", "ids of the last jobs"),
      ("kinora completion-words models", "ids of the models"),
    ],
    isHidden: true,
    run: { invocation throws(Failure) in
      let isModels = invocation.arguments.operands == ["models"]
      var request = Request.get(isModels ? "/v1/models" : "/v1/videos?limit=20")
      request.timeout = 1
      let json = (try? invocation.client.json(request)) ?? .null
      for item in json["data"]?.array ?? [] { Console.print(item.cell("id")) }
      return .done
    })

  private static var script: String {
    let names = visible.map(\.name)
    let firsts = Set(names.map { String($0.prefix { $0 != " " }) }).sorted()
    let groups = Set(firsts).subtracting(names).sorted()
    let one = visible.filter { !$0.name.contains(" ") }.map { entry($0.name, words($0)) }
    let two = visible.filter { $0.name.contains(" ") }.map { entry($0.name, words($0)) }
    return """
      _kinora() {
        local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words
        if [ "$COMP_CWORD" = 1 ]; then
          COMPREPLY=($(compgen -W "\(firsts.joined(separator: " "))" -- "$cur")); return
        fi
        case $prev in
          -m|--model)
            COMPREPLY=($(compgen -W "$(kinora completion-words models)" -- "$cur")); return ;;
          -o|--output|-i|--image|--last-image|--reference|--config|--dir|--socket)
            COMPREPLY=($(compgen -f -- "$cur")); return ;;
        esac
        case "${COMP_WORDS[1]} ${COMP_WORDS[2]}" in
      \(two.joined(separator: "\n"))
          *) case "${COMP_WORDS[1]}" in
      \((one + groups.map { entry($0, below($0)) }).joined(separator: "\n"))
          esac ;;
        esac
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
      }
      complete -o default -F _kinora kinora
      """
  }

  private static func entry(_ name: String, _ words: [String]) -> String {
    "    \"\(name)\") words=\"\(words.joined(separator: " "))\" ;;"
  }

  /// Second words of a first one.
  private static func below(_ first: String) -> [String] {
    visible.map(\.name).filter { $0.hasPrefix("\(first) ") }
      .map { String($0.dropFirst(first.count + 1)) }
  }

  private static func words(_ command: Command) -> [String] {
    var words = below(command.name)
    for flag in command.allFlags {
      if let short = flag.short { words.append("-\(short)") }
      words.append("--\(flag.name)")
      if flag.shape == .onOff { words.append("--no-\(flag.name)") }
    }
    if command.operands.hasPrefix("ID") { words.append("$(kinora completion-words ids)") }
    return words
  }
}
