/// What a new plugin is called, in the forms that its files need.
struct PluginName {
  /// `my-clip`: the file is `kinora-my-clip.so`, the provider's name `my-clip`.
  let text: String
  /// `my_clip`, in the exported function's name.
  let symbol: String
  /// `MyClip`, in the names of Swift types.
  let type: String

  /// As long as a provider's name may be.
  private static let longest = 40

  /// Refuses what can be no file's, function's or provider's name, and what is taken.
  init(_ text: String) throws(Failure) {
    let words = text.split(separator: "-", omittingEmptySubsequences: false)
    let letters = text.utf8.allSatisfy { byte in
      (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
    }
    guard letters, let first = text.utf8.first, first >= 0x61, text.utf8.count <= Self.longest,
      !words.contains(where: \.isEmpty)
    else {
      throw .usage(
        "\(Shell.quoted(text)) is no plugin's name",
        "lower-case letters, digits and single hyphens between them, a letter first, at most "
          + "\(Self.longest): my-provider")
    }
    // Its Swift module would have the SDK's name.
    guard !["kinora", "c-kinora"].contains(text) else {
      throw .usage("the name \(text) is Kinora's own", "take your provider's name")
    }
    let taken = "\(try Programs.plugins())/kinora-\(text).so"
    guard !Files.exists(taken) else {
      throw .usage("there is a plugin \(text) already: \(taken)", "take another name")
    }
    self.text = text
    symbol = words.joined(separator: "_")
    type = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}
