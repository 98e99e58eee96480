import KinoraModel

/// What a clip costs, in thousandths of a dollar a second, as third-party copies of the price list of
/// September 2026 have it.
enum KlingPrice {
  static func clip(_ model: String, _ mode: String, _ sound: Bool, _ seconds: Int) -> MicroUSD {
    let perSecond: Int64 =
      switch (model, mode) {
      case ("kling-v1", "std"): 28
      case ("kling-v2-5-turbo", "std"), ("kling-v2-6", "std"): 42
      case ("kling-v2-5-turbo", _): 70
      case ("kling-v2-6", _): sound ? 140 : 70
      case ("kling-v2-master", _), ("kling-v2-1-master", _): 280
      case ("kling-v3", "std"): sound ? 126 : 84
      case ("kling-v3", "pro"): sound ? 168 : 112
      case ("kling-v3", _): 420
      case ("kling-3.0-turbo", "std"): 112
      case ("kling-3.0-turbo", _): 140
      case (_, "std"): 56
      default: 98
      }
    return MicroUSD(perSecond * 1000 * Int64(seconds))
  }

  /// Priced by the clip, whatever it is added to.
  static func extend(_ model: String, _ mode: String) -> MicroUSD {
    MicroUSD(mode == "pro" ? 490_000 : model == "kling-v1" ? 140_000 : 280_000)
  }
}
