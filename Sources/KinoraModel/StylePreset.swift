/// Words that somebody wrote once and requests add to their prompts by a name.
public struct StylePreset: Sendable, Codable, Equatable {
  /// Sent behind the prompt.
  public var prompt: String
  /// Sent behind the negative prompt, where the model takes one.
  public var negative: String?

  /// Words for a prompt, and what shall not be seen.
  public init(prompt: String, negative: String? = nil) {
    self.prompt = prompt
    self.negative = negative
  }

  /// Bytes that each of its texts may have.
  public static let textBytes = 4096
  /// Bytes of a name.
  public static let nameBytes = 64
  /// Styles that one tenant may have.
  public static let most = 64

  /// Whether styles may be called so: letters, digits, `-`, `_` and `.`, at most 64.
  public static func isName(_ name: String) -> Bool {
    (1...nameBytes).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte)
          || (0x30...0x39).contains(byte) || "-_.".utf8.contains(byte)
      }
  }
}

extension GenerationRequest {
  /// The prompt as it leaves: the client's words, the style's, and what a tenant adds to every one.
  public func promptSent(suffix: String?) -> String {
    [prompt, style?.prompt ?? "", suffix ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
  }

  /// The negative prompt as it leaves; nil for none.
  public var negativePromptSent: String? {
    guard let more = style?.negative, !more.isEmpty else { return negativePrompt }
    return [negativePrompt ?? "", more].filter { !$0.isEmpty }.joined(separator: ", ")
  }
}
