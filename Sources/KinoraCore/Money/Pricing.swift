public import KinoraModel

/// What a job will cost, from the catalog's rules.
public enum Pricing {
  /// The quote for a resolved request. A model without a price is quoted at the request's
  /// `max_cost_usd`, else at the provider's `assume_usd`, else refused with `modelUnpriced`. A quote
  /// above `max_cost_usd` is refused with `maxCostExceeded`.
  public static func quote(
    _ resolved: ResolvedRequest, model: CatalogModel, assume: MicroUSD?
  ) throws(KinoraError) -> Quote {
    let request = resolved.request
    guard !model.prices.isEmpty else { return try unpriced(request, model, assume) }
    let count = Double(request.count)
    var words: [String] = []
    var perSecond: MicroUSD?
    var fixed = MicroUSD.zero
    var amount = MicroUSD.zero
    if let price = rule(.second, resolved, model) {
      let seconds = (request.seconds ?? 0) * count
      perSecond = price.amount
      amount = amount + price.amount.times(seconds)
      words.append("\(seconds.plain) s × \(price.amount.dollars)")
    }
    if let price = rule(.clip, resolved, model) {
      fixed = fixed + price.amount.times(count)
      words.append("\(request.count) × \(price.amount.dollars)")
    }
    let images = request.inputs.count { $0.mime.hasPrefix("image/") }
    if images > 0, let price = rule(.inputImage, resolved, model) {
      fixed = fixed + price.amount.times(Double(images))
      words.append("\(images) input images × \(price.amount.dollars)")
    }
    guard !words.isEmpty else { return try unpriced(request, model, assume) }
    amount = amount + fixed
    if let most = request.maxCost, amount > most {
      throw KinoraError(
        .maxCostExceeded,
        "this costs \(amount.dollars) (\(words.joined(separator: " + "))), "
          + "max_cost_usd is \(most.dollars)", field: "max_cost_usd",
        allowed: ["\(amount.dollars.dropFirst()) or more"])
    }
    return Quote(
      amount: amount, perSecond: perSecond, fixed: fixed, basis: words.joined(separator: " + "),
      source: "catalog")
  }

  /// What is booked when the provider named no figure: the catalog price of the seconds that are
  /// really in the files, else the quote.
  public static func settlement(_ record: JobRecord) -> MicroUSD {
    if let cost = record.providerCost { return cost }
    // The file of an extension begins with its source, which was paid before.
    guard let perSecond = record.quote.perSecond, record.kind != .extend else {
      return record.quote.amount
    }
    let milliseconds = record.artifacts.compactMap(\.durationMilliseconds)
    guard !milliseconds.isEmpty, milliseconds.count == record.artifacts.count else {
      return record.quote.amount
    }
    // Containers round to frames: a clip of 5.02 s is a clip of 5 s to every price list.
    let seconds = milliseconds.reduce(0.0) { $0 + (Double($1) / 1000 * 4).rounded() / 4 }
    return perSecond.times(seconds) + record.quote.fixed
  }

  /// The first rule that fits. Where sound is the provider's choice, the dearer of both is taken: a
  /// quote may be too high, never too low.
  private static func rule(
    _ unit: CatalogPrice.Unit, _ resolved: ResolvedRequest, _ model: CatalogModel
  ) -> CatalogPrice? {
    let request = resolved.request
    func fitting(_ audio: Bool) -> CatalogPrice? {
      model.prices.first { price in
        price.per == unit
          && (price.resolution == nil || price.resolution == request.resolution)
          && (price.audio == nil || price.audio == audio)
          && (price.size == nil || price.size == request.size)
          && (price.kind == nil || price.kind == resolved.kind)
      }
    }
    if let audio = request.audio { return fitting(audio) }
    switch model.audio {
    case .always: return fitting(true)
    case .never: return fitting(false)
    case .optional:
      return [fitting(true), fitting(false)].compactMap(\.self).max { $0.amount < $1.amount }
    }
  }

  private static func unpriced(
    _ request: GenerationRequest, _ model: CatalogModel, _ assume: MicroUSD?
  ) throws(KinoraError) -> Quote {
    if let most = request.maxCost {
      return Quote(
        amount: most, fixed: most, basis: "max_cost_usd, the model has no price",
        source: "max_cost_usd")
    }
    if let assume {
      return Quote(
        amount: assume, fixed: assume, basis: "assume_usd of the provider", source: "assume_usd")
    }
    throw KinoraError(
      .modelUnpriced, "\(model.id) has no known price: say max_cost_usd, the most it may cost",
      field: "max_cost_usd", allowed: ["a decimal such as 0.50"])
  }
}
