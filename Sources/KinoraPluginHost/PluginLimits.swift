/// Bounds of what a plugin may hand over, each far above what any known provider needs.
enum PluginLimits {
  /// Bytes of a plugin's saved state.
  static let stateBytes = 64 * 1024
  /// Bytes of a provider's id of a job.
  static let handleBytes = 2048
  /// Bytes of words shown to people: a note, a failure's message.
  static let wordsBytes = 2048
  /// Bytes of a URL.
  static let urlBytes = 16 * 1024
  /// Fields of a request.
  static let fields = 64
  /// Bytes of one field's value.
  static let fieldBytes = 16 * 1024
  /// Pieces of a request's body.
  static let parts = 256
  /// Bytes of a request's body that come from the plugin itself.
  static let bodyBytes = 4 * 1024 * 1024
  /// Bytes of a result.
  static let resultBytes = 256 * 1024
  /// Bytes of a catalog.
  static let catalogBytes = 4 * 1024 * 1024
  /// Bytes of a plugin's file.
  static let fileBytes = 256 * 1024 * 1024
}
