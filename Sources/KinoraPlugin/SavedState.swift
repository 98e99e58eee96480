import FoundationEssentials

/// A state as the host stores it: `{"v":1,"s":…}`, so that a newer plugin knows what it reads.
///
/// Keys are sorted, because the same event must give the same bytes.
enum SavedState {
  /// What the host stores with a job at most.
  private static let most = 64 * 1024

  static func write<State: Encodable>(_ state: State, version: Int) throws(Failure) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let encoded = try? encoder.encode(state) else {
      throw Failure(.protocol, "the plugin's state could not be written")
    }
    let saved = prefix(version) + encoded + [UInt8(ascii: "}")]
    guard saved.count <= most else {
      throw Failure(.protocol, "what the provider wants remembered of the job is over 64 KiB")
    }
    return saved
  }

  static func read<P: Provider>(_ bytes: UnsafeRawBufferPointer, _: P.Type) throws(Failure)
    -> P.State
  {
    let unreadable = Failure(.protocol, "the job's saved state could not be read")
    let start = prefix(P.stateVersion)
    // The usual case needs no second parse.
    if bytes.count > start.count, bytes.prefix(start.count).elementsEqual(start) {
      do {
        return try JSONDecoder().decode(
          P.State.self, from: Data(bytes[start.count..<bytes.count - 1]))
      } catch {
        throw unreadable
      }
    }
    guard let json = JSON(reading: bytes), let version = json["v"].int,
      version != P.stateVersion
    else { throw unreadable }
    return try P.upgraded(json["s"], from: version)
  }

  private static func prefix(_ version: Int) -> [UInt8] { Array("{\"v\":\(version),\"s\":".utf8) }
}
