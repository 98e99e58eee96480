import KinoraHTTP
import KinoraModel

/// `POST /prompt`.
extension ComfyUI {
  func submit(_ call: Call) -> Route {
    let json = call.json
    let graph = json?["prompt"] ?? .null
    let texts = (graph.members ?? []).compactMap { $0.value["inputs"]?["text"]?.string }
    let prompt = texts.first { !$0.isEmpty } ?? ""
    let id = json?["prompt_id"]?.string
    // Another attempt has another id, and a fault of one wish shall not strike it again.
    let subject = Route.Subject(prompt: prompt, model: "", identity: prompt)
    return Route(phase: .submit, subject: subject) { _ in
      guard let json else { return failure(.status(500)) }
      do throws(ComfyGraph.Refusal) {
        guard !graph.isNull else {
          throw ComfyGraph.Refusal(
            type: "no_prompt", message: "No prompt provided", details: "No prompt provided")
        }
        if let id, !Self.isCanonical(id) {
          throw ComfyGraph.Refusal(
            type: "invalid_prompt_id",
            message: "prompt_id must be a canonical lowercase hyphenated UUID", details: id)
        }
        let valid = try ComfyGraph(graph) { world.uploads.contains(Self.upload($0)) }
        let job = await make(valid, json, prompt, subject)
        return .json(
          200,
          [
            "prompt_id": JSON(job.tag), "number": job.details["number"] ?? 0,
            "node_errors": valid.errors,
          ])
      } catch {
        return .json(400, error.json)
      }
    }
  }

  private func make(
    _ graph: ComfyGraph, _ json: JSON, _ prompt: String, _ subject: Route.Subject
  ) async -> Job {
    let node = graph.outputs.first ?? ""
    let type = graph.type(of: node)
    let isVideo = type != "SaveImage"
    func number(_ input: String) -> Int? {
      graph.first(input).flatMap { $0.double ?? $0.string.flatMap(Double.init) }.map { Int($0) }
    }
    let rate = max(1, number("fps") ?? number("frame_rate") ?? 24)
    let frames = number("length") ?? 49
    let shape = Shape(
      container: isVideo ? .mp4 : .png, width: (number("width") ?? 512) / 2 * 2,
      height: (number("height") ?? 512) / 2 * 2,
      seconds: isVideo ? max(1, (frames - 1 + rate / 2) / rate) : 0, fps: isVideo ? rate : 0)
    let count = world.jobs.all.count { $0.provider == name } + 1
    var job = Job(
      id: "comfy_\(world.dice.lowercase(16))", provider: name, kind: isVideo ? "video" : "image",
      model: "workflow", prompt: prompt, created: now(), shape: shape, cost: .zero)
    job.tag = json["prompt_id"]?.string ?? uuid()
    let prefix = graph.value(node)?["inputs"]?["filename_prefix"]?.string ?? "ComfyUI"
    let parts = prefix.split(separator: "/")
    let digits = String(count)
    let file =
      "\(parts.last ?? "ComfyUI")_\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits)"
    job.details = [
      "number": JSON(count), "graph": json["prompt"] ?? [:], "node": .string(node),
      "class": .string(type), "client_id": json["client_id"] ?? .null,
      "folder": .string(parts.dropLast().joined(separator: "/")),
      "file": .string(file + (type == "VHS_VideoCombine" ? "" : "_") + (isVideo ? ".mp4" : ".png")),
    ]
    return await world.create(job, route: subject).job
  }

  /// Newer servers take no other form.
  private static func isCanonical(_ id: String) -> Bool {
    let lengths = id.split(separator: "-", omittingEmptySubsequences: false).map(\.count)
    return lengths == [8, 4, 4, 4, 12]
      && id.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0) || $0 == UInt8(ascii: "-")
      }
  }

  private func uuid() -> String {
    func hex(_ count: Int) -> String {
      String(world.dice.lowercase(count).map { "0123456789abcdef".contains($0) ? $0 : "0" })
    }
    return "\(hex(8))-\(hex(4))-4\(hex(3))-a\(hex(3))-\(hex(12))"
  }
}
