package import KinoraModel

/// What a prompt may be made of, whatever its model.
package enum PromptText {
  /// Control characters say nothing to a model; some providers cut a text at one, others refuse it
  /// after the money is gone. Tabs and line ends are text. Throws `badField`.
  package static func check(_ text: String, _ field: String) throws(KinoraError) {
    var place = 0
    for scalar in text.unicodeScalars {
      place += 1
      let isControl = scalar.value < 0x20 || scalar.value == 0x7f
      guard isControl, ![0x09, 0x0a, 0x0d].contains(scalar.value) else { continue }
      let code = String(scalar.value, radix: 16, uppercase: true)
      let name = "U+" + String(repeating: "0", count: 4 - code.count) + code
      throw KinoraError(
        .badField, "\(field) has the control character \(name) at character \(place)",
        field: field, allowed: ["text; of control characters tabs and line ends"])
    }
  }
}
