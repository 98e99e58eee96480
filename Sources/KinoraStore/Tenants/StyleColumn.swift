import KinoraModel

/// A tenant's styles as the text of their column: `{"noir":{"prompt":"…","negative":"…"}}`.
enum StyleColumn {
  /// Nil for none.
  static func text(_ styles: [String: StylePreset]) -> String? {
    if styles.isEmpty { return nil }
    let members = styles.sorted { $0.key < $1.key }.map { name, style in
      JSONMember(name, ["prompt": .string(style.prompt), "negative": JSON(style.negative)])
    }
    return JSON.object(members).text
  }

  /// What cannot be read is no style: a request that names it is refused.
  static func styles(_ text: String?) -> [String: StylePreset] {
    guard let text, let json = try? JSON.parse(Array(text.utf8)) else { return [:] }
    var styles: [String: StylePreset] = [:]
    for member in json.members ?? [] {
      guard let prompt = member.value["prompt"]?.string else { continue }
      styles[member.key] = StylePreset(
        prompt: prompt, negative: member.value["negative"]?.string)
    }
    return styles
  }
}
