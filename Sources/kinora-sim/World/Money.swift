import KinoraModel

extension MicroUSD {
  /// `0.05`, as providers write amounts.
  var decimal: String { String(dollars.dropFirst()) }

  /// As a JSON number of dollars.
  var number: JSON { JSON(Double(rawValue) / 1_000_000) }
}
