import KinoraModel

extension CatalogModel {
  /// The frame rates for a person: a long row of neighbours is told by its ends.
  var rates: [String] {
    guard let low = fps.min(), let high = fps.max(), fps.count > 8, high - low == fps.count - 1
    else { return fps.map(String.init) }
    return ["\(low) to \(high)"]
  }

  /// The same as a clause.
  var rateWords: String {
    rates.count > 1 ? "one of \(rates.joined(separator: ", "))" : rates.joined()
  }
}
