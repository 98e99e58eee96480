import KinoraModel

/// `kinora keys`: API keys for the loopback TCP listener.
extension Commands {
  private static let file = Flag(
    "file", nil, .value("PATH"), "the keys file (listen.tcp.keys_file of the daemon)")

  static let keysCreate = Command(
    name: "keys create", summary: "make an API key; it is shown once", operands: "NAME",
    count: 1...1,
    examples: [
      ("kinora keys create laptop", "the key on standard output, its SHA-256 in the file"),
      ("kinora keys create bot-2027 --client bot", "for jobs and budgets of the client bot"),
    ],
    flags: [
      Flag("client", nil, .value("CLIENT"), "the client that it acts for (itself, key:NAME)"), file,
      .json,
    ],
    notes: [
      "The daemon reads the file again by itself. With a section clients: in the configuration the "
        + "key needs --client, or key:NAME among a client's principals."
    ],
    run: { invocation throws(Failure) in
      let name = try id(invocation.arguments.operands[0], "a key's name")
      let client = try invocation.arguments.value("client").map { value throws(Failure) in
        try id(value, "a client's name")
      }
      let file = try keysFile(invocation)
      let key = "kn_" + randomWord(32)
      let digest = Digest()
      Array(key.utf8).withUnsafeBytes { digest.add($0) }
      let row = KeysFile.Key(
        id: name, hash: digest.end().hexadecimal, created: UTC.timestamp(Now.wall), client: client)
      try file.add(row)
      if invocation.arguments.has("json") {
        Console.print(row.json.setting("key", .string(key)).text)
      } else {
        Console.print(key)
        Console.error("kinora: the key of \(name); it is shown this once")
      }
      return .done
    })

  static let keysList = Command(
    name: "keys list", summary: "API keys by name",
    examples: [
      ("kinora keys list", "names, dates and clients"),
      ("kinora keys list --file /etc/kinora/keys", "without asking the daemon for the file"),
    ],
    flags: [file, .json],
    run: { invocation throws(Failure) in
      let keys = try keysFile(invocation).keys()
      if invocation.arguments.has("json") {
        Console.print(JSON.object([JSONMember("data", .array(keys.map(\.json)))]).text)
        return .done
      }
      if keys.isEmpty { Console.error("kinora: no keys") }
      var table = Table(["NAME", "CLIENT", "CREATED", "SHA256"])
      for key in keys {
        table.add([
          key.id, key.client ?? "-", key.created ?? "-", String(key.hash.prefix(12)),
        ])
      }
      if !keys.isEmpty { table.show() }
      return .done
    })

  static let keysRevoke = Command(
    name: "keys revoke", summary: "take an API key away; within a second it is refused",
    operands: "NAME", count: 1...1,
    examples: [
      ("kinora keys revoke laptop", "its jobs stay"),
      ("kinora keys create bot-b --client bot && kinora keys revoke bot-a", "a rotation"),
    ],
    flags: [file, .json],
    run: { invocation throws(Failure) in
      let removed = try keysFile(invocation).remove(invocation.arguments.operands[0])
      if invocation.arguments.has("json") {
        Console.print(removed.json.setting("revoked", true).text)
      } else {
        Console.error("kinora: \(removed.id) is refused within a second")
      }
      return .done
    })

  /// The file that was named, else the daemon's.
  private static func keysFile(_ invocation: Invocation) throws(Failure) -> KeysFile {
    if let path = invocation.arguments.value("file") {
      return KeysFile(path: Files.absolute(path))
    }
    let configuration = try invocation.client.json(.get("/v1/config"))
    guard let path = configuration["listen"]?["tcp"]?["keys_file"]?.string else {
      throw Failure(
        exit: .configuration, what: "the daemon listens on no TCP port, so there are no keys",
        todo: [
          "listen: {tcp: {address: 127.0.0.1:8317, keys_file: /etc/kinora/keys}}", "--file PATH",
        ]
      )
    }
    return KeysFile(path: path)
  }

  /// A word of the file, which parts words by spaces.
  private static func id(_ text: String, _ what: String) throws(Failure) -> String {
    let isGood = text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
      default: "-_.".utf8.contains(byte)
      }
    }
    guard isGood, (1...64).contains(text.utf8.count) else {
      throw .usage("\(what) has 1 to 64 letters, digits, '-', '_' and '.'")
    }
    return text
  }

  private static func randomWord(_ count: Int) -> String {
    let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    var generator = SystemRandomNumberGenerator()
    return String((0..<count).map { _ in letters[Int.random(in: 0..<62, using: &generator)] })
  }
}

extension KeysFile.Key {
  fileprivate var json: JSON {
    [
      "id": .string(id), "client": JSON(client), "created": JSON(created),
      "sha256": .string(hash),
    ]
  }
}
