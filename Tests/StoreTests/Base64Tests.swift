import FoundationEssentials
import Glibc
import KinoraModel
import KinoraStore
import Testing

@Suite struct Base64Tests {
  private func adopt(_ text: some Sequence<UInt8>, _ folder: TestFolder) async throws -> Artifact {
    let store = try FileArtifactStore(directory: folder.path, boot: "boot")
    let path = folder.write("text", text)
    do {
      let artifact = try await store.adopt(base64: path, expected: "video")
      #expect(!folder.exists(path))
      await store.close()
      return artifact
    } catch {
      #expect(!folder.exists(path))
      #expect((try? FileManager.default.contentsOfDirectory(atPath: folder["tmp/boot"])) == [])
      await store.close()
      throw error
    }
  }

  @Test("Inline bytes are decoded into the store first [C53]")
  func forms() async throws {
    let plain = Data(Boxes.clip).base64EncodedString()
    let bare = plain.trimmingSuffix { $0 == "=" }
    var lines = ""
    for (i, digit) in plain.enumerated() { lines += (i % 76 == 0 ? "\r\n" : "") + String(digit) }
    let webSafe = String(
      plain.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    for text in [
      plain, String(bare), lines, webSafe, plain + "\n", "data:video/mp4;base64," + plain,
      "data:video/mp4;codecs=avc1;base64," + plain,
    ] {
      let folder = TestFolder()
      let clip = try await adopt(text.utf8, folder)
      #expect(clip.bytes == Int64(Boxes.clip.count) && clip.mime == "video/mp4")
    }
  }

  @Test("Media in an address are stored as any other, and a damaged one leaves nothing [C53]")
  func address() async throws {
    let folder = TestFolder()
    let store = try FileArtifactStore(directory: folder.path, boot: "boot")
    func left() -> [String]? {
      try? FileManager.default.contentsOfDirectory(atPath: folder["tmp/boot"])
    }
    let text = String(MediaSamples.png.filter { !$0.isNewline })
    let image = try await store.adopt(
      dataURL: "data:image/png;base64," + text, expected: "image")
    #expect(image.mime == "image/png" && image.width == 20 && image.height == 10)
    let path = try #require(store.path(sha256: image.sha256))
    #expect(FileManager.default.contents(atPath: path).map { [UInt8]($0) } == bytes(of: text))
    for (bad, code) in [
      ("data:image/png,AAAA", KinoraError.Code.assetUnusable),
      ("data:image/png;base64,AAAA*", .assetUnusable), ("data:image/png;base64,AAAA", .badMedia),
      ("data:image/png;base64,", .assetUnusable), ("data:", .assetUnusable),
    ] {
      let error = await failure { _ = try await store.adopt(dataURL: bad, expected: "image") }
      #expect(error?.code == code, "\(bad): \(error?.message ?? "none")")
    }
    #expect(left() == [])
    await store.close()
  }

  @Test("No room for media in an address: nothing stays behind, the address has them")
  func addressWithoutRoom() async throws {
    let folder = TestFolder()
    var faults = FaultHooks()
    faults.write = { _, _ in ENOSPC }
    let store = try FileArtifactStore(directory: folder.path, boot: "boot", faults: faults)
    let error = await failure {
      _ = try await store.adopt(dataURL: "data:image/png;base64,AAAA", expected: "image")
    }
    #expect(error?.code == .storageFull)
    #expect((try? FileManager.default.contentsOfDirectory(atPath: folder["tmp/boot"])) == [])
    await store.close()
  }

  @Test("A file of several pieces comes out byte for byte [C53]")
  func large() async throws {
    let folder = TestFolder()
    var random = SeededRandom(8)
    var body: [UInt8] = []
    for _ in 0..<150_001 { body.append(UInt8.random(in: 0...255, using: &random)) }
    body += body + body + body + body
    let clip = Boxes.clip + Boxes.box("free", body)
    let artifact = try await adopt(Data(clip).base64EncodedData(), folder)
    #expect(artifact.bytes == Int64(clip.count))
    let stored = "artifacts/sha256/\(artifact.sha256.prefix(2))/\(artifact.sha256.dropFirst(2))"
    #expect(folder.read(stored) == clip)
  }

  static let bad: [(String, String)] = [
    ("AAAA*AAA", "no base64"), ("AAAAA", "cut off"), ("AA==AA", "after its padding"),
    ("data:video/mp4,AAAA", "without ;base64"), ("", "empty"), ("data:", "no base64"),
    ("data:" + String(repeating: "x", count: 400), "without ;base64"),
    ("\u{e9}", "no base64"),
  ]

  @Test("What is not base64 is refused, and says where", arguments: bad)
  func refused(text: String, words: String) async throws {
    let folder = TestFolder()
    let error = await failure { _ = try await adopt(text.utf8, folder) }
    #expect(error?.code == .assetUnusable)
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "none")")
  }
}

extension String {
  fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> Substring {
    var rest = self[...]
    while let last = rest.last, isTrimmed(last) { rest.removeLast() }
    return rest
  }
}
