import KinoraCore
import KinoraModel

/// The sections `styles` and `clients.NAME.styles`.
///
/// ```yaml
/// styles: {noir: {prompt: "film noir, hard shadows", negative: "colour"}}
/// ```
extension SectionReader {
  func styles() -> [String: StylePreset] {
    guard let section = section("styles") else { return [:] }
    var styles: [String: StylePreset] = [:]
    for (name, style) in section.sections() {
      if !StylePreset.isName(name) {
        style.errors.add(
          style.place,
          "style name \(name) must be letters, digits, '-', '_' and '.', at most "
            + "\(StylePreset.nameBytes)")
      }
      let prompt = style.words("prompt")
      let negative = style.words("negative")
      if prompt == nil { style.errors.add(style.place, "\(style.path).prompt is missing") }
      style.finish()
      styles[name] = StylePreset(prompt: prompt ?? "", negative: negative)
    }
    return styles
  }

  /// A text that a prompt may hold.
  private func words(_ key: String) -> String? {
    guard let text = string(key), !text.isEmpty else { return nil }
    if text.utf8.count > StylePreset.textBytes {
      error(key, "has \(text.utf8.count) bytes, at most \(StylePreset.textBytes) are taken")
    }
    do throws(KinoraError) {
      try PromptText.check(text, key)
    } catch let problem {
      error(key, problem.message)
    }
    return text
  }
}
