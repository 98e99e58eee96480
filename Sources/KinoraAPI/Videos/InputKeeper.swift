import Glibc
import KinoraModel

/// Stores the media of a request before its job is accepted: afterwards the request is a few hundred
/// bytes with references, whatever was in it.
struct InputKeeper {
  let artifacts: any ArtifactStore
  let fetcher: any InputFetcher

  /// The inputs as a job has them, `in0`, `in1`, … Throws `badMedia`, `tooLarge`, `urlRefused`,
  /// `providerUnavailable` or `storageFull`, each with its field.
  func keep(_ wanted: [WantedInput]) async throws(KinoraError) -> [MediaInput] {
    var inputs: [MediaInput] = []
    for (at, item) in wanted.enumerated() {
      do throws(KinoraError) {
        if case .same(let role) = item.source, let kept = inputs.first(where: { $0.role == role }) {
          inputs.append(Self.again(kept, as: item.role, "in\(at)"))
        } else {
          inputs.append(try await keep(item, "in\(at)"))
        }
      } catch {
        throw Self.told(error, item.field)
      }
    }
    return inputs
  }

  private static func again(
    _ input: MediaInput, as role: MediaInput.Role, _ ref: String
  ) -> MediaInput {
    var again = input
    again.role = role
    if input.ref != nil { again.ref = ref }
    return again
  }

  /// A fact about stored bytes as the client must hear it: which field, and what it may hold. A file
  /// that a provider sent may be a bad gateway's fault; one that came with the request is not.
  private static func told(_ error: KinoraError, _ field: String) -> KinoraError {
    var told = error
    told.field = field
    told.message = "\(field): \(error.message)"
    if error.code == .assetUnusable { told.code = .badMedia }
    guard told.allowed.isEmpty else { return told }
    switch told.code {
    case .badMedia: told.allowed = ["a whole PNG, JPEG or WebP file"]
    case .urlRefused: told.allowed = ["https://… at a public address, port 443"]
    case .tooLarge: told.allowed = ["up to \(Limits.inputBytes) bytes"]
    default: break
    }
    return told
  }

  /// A model's complaint about a role, by the name of the field that gave it.
  static func named(_ error: KinoraError, _ wanted: [WantedInput]) -> KinoraError {
    guard let role = error.field.flatMap(MediaInput.Role.init(rawValue:)),
      let item = wanted.first(where: { $0.role == role })
    else { return error }
    var named = error
    named.field = role == .reference ? "references" : item.field
    return named
  }

  /// What the inputs will be, as far as that is known before anything is stored: enough for a model
  /// to say whether it takes them, and how many.
  static func sketch(_ wanted: [WantedInput]) -> [MediaInput] {
    wanted.map { item in
      // Media types are only checked where bytes are known, so an address stands in for them.
      MediaInput(role: item.role, ref: nil, sha256: nil, mime: "image/*", bytes: 0, uri: "pending:")
    }
  }

  /// The type that the ending of a provider's own address names; its bytes are not ours to look at.
  private static func type(of uri: String) -> String {
    switch uri.split(separator: ".").last?.lowercased() {
    case "png": "image/png"
    case "jpg", "jpeg": "image/jpeg"
    case "webp": "image/webp"
    default: "image/*"
    }
  }

  private func keep(_ item: WantedInput, _ ref: String) async throws(KinoraError) -> MediaInput {
    var url: String?
    let stored: Artifact
    switch item.source {
    case .foreign(let uri):
      return MediaInput(
        role: item.role, ref: nil, sha256: nil, mime: Self.type(of: uri), bytes: 0, uri: uri)
    case .stored(let artifact):
      stored = artifact
    case .same(let role):
      throw KinoraError(.badMedia, "there is no \(role.rawValue) to use again")
    case .uploaded(let file):
      stored =
        switch file.content {
        case .raw: try await artifacts.adopt(path: file.path, expected: "image")
        case .base64: try await artifacts.adopt(base64: file.path, expected: "image")
        }
    case .inline(let base64):
      let path = artifacts.temporaryPath()
      defer { unlink(path) }
      let writer = UploadWriter(path: path, content: .base64, limit: JSONUpload.longestBase64)
      try writer.write(Array(base64.utf8)[...])
      let file = try writer.finish()
      stored = try await artifacts.adopt(base64: file.path, expected: "image")
    case .address(let address):
      let path = artifacts.temporaryPath()
      defer { unlink(path) }
      try await fetcher.fetch(url: address, to: path, limit: Limits.inputBytes)
      stored = try await artifacts.adopt(path: path, expected: "image")
      url = address
    }
    guard stored.bytes <= Limits.inputBytes else {
      throw KinoraError(.tooLarge, "an input may have at most \(Limits.inputBytes) bytes")
    }
    return MediaInput(
      role: item.role, ref: ref, sha256: stored.sha256, mime: stored.mime, bytes: stored.bytes,
      url: url)
  }
}
