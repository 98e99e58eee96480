import KinoraCore

/// The section `forms`, and the variables that bots have had for the same.
///
/// ```yaml
/// forms: {default_duration_seconds: 5, max_duration_seconds: 20, max_fps: 60}
/// ```
/// What the file says counts; a variable stands in for what it leaves out.
extension Configuration {
  mutating func readForms(_ top: SectionReader) {
    let section = top.section("forms")
    func number(_ key: String, _ variable: String, _ range: ClosedRange<Double>) -> Double? {
      if let section, section.has(key) { return section.double(key, range) }
      guard let text = Environment[variable] else { return nil }
      guard let value = Double(text), range.contains(value) else {
        top.errors.add(
          top.place,
          "$\(variable) must be a number from \(range.lowerBound) to \(range.upperBound)")
        return nil
      }
      return value
    }
    let usual = FormBounds()
    forms = FormBounds(
      defaultSeconds: number(
        "default_duration_seconds", "VIDEO_GEN_DEFAULT_DURATION_SECONDS", 0.1...86_400)
        ?? usual.defaultSeconds,
      maxSeconds: number("max_duration_seconds", "VIDEO_GEN_MAX_DURATION_SECONDS", 0.1...86_400)
        ?? usual.maxSeconds,
      maxFPS: number("max_fps", "VIDEO_GEN_MAX_FPS", 1...1000).map { Int($0) } ?? usual.maxFPS)
    if forms.defaultSeconds > forms.maxSeconds {
      top.errors.add(
        section?.place ?? top.place,
        "forms: default_duration_seconds \(forms.defaultSeconds.plain) is above "
          + "max_duration_seconds \(forms.maxSeconds.plain)")
    }
    // Known keys even where none of them is written.
    for key in ["default_duration_seconds", "max_duration_seconds", "max_fps"]
    where section?.has(key) == false {
      _ = section?.string(key)
    }
    section?.finish()
  }
}
