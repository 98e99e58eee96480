import KinoraPlugin

/// What a job, the provider's options and the defaults give for each placeholder.
struct Values {
  let job: Job
  let context: Context
  /// Defaults of the built-in workflow instead of TomoriBot's.
  let isBuiltIn: Bool
  /// Uploaded files: an input's ref to the name that ComfyUI keeps it under.
  var files: [String: String] = [:]

  /// The client's options come before the provider's.
  private func option(_ name: String) -> JSON {
    let asked = job.options[name]
    return asked.isNull ? context.config[name] : asked
  }

  /// Frames a second: the client's, else the provider's option `fps`, else 16. 1 to 120.
  var fps: Int { min(max(job.fps ?? rate("fps") ?? 16, 1), 120) }
  /// What the file shall play at, where a workflow interpolates frames.
  private var outputFPS: Int { min(max(rate("output_fps") ?? fps, 1), 120) }

  private func rate(_ name: String) -> Int? {
    option(name).double.map { Int(min(max($0.rounded(), 1), 120)) }
  }

  private var seconds: Double { job.seconds ?? 5 }

  private var size: (width: Int, height: Int) {
    let sides = (job.size ?? "").split(separator: "x").compactMap { Int($0) }
    return sides.count == 2 ? (sides[0], sides[1]) : (848, 480)
  }

  /// The client's seed; else one of the job's own, the same for every repeat. 48 bits, which every
  /// reader of JSON keeps exactly.
  private var seed: Int64 { job.seed ?? Int64(context.seed.prefix(12), radix: 16) ?? 0 }

  /// The value of a placeholder. Throws `invalid` for one that is not known or has no value here.
  func value(_ name: String, _ written: String) throws(Failure) -> JSON {
    switch name {
    case "PROMPT": return .string(job.prompt)
    case "NEGATIVE_PROMPT":
      return .string(job.negativePrompt ?? context.config["negative_prompt"].string ?? "")
    case "MODEL":
      if let model = option("model").string { return .string(model) }
      guard isBuiltIn else {
        throw Failure(
          .invalid, "the workflow wants \(written): write the option `model` of the provider")
      }
      return .string(BuiltIn.model)
    case "MODE": return .string(job.kind)
    case "JOB": return .string(job.id)
    case "ASPECT_RATIO": return .string(job.aspectRatio ?? "\(size.width):\(size.height)")
    case "WIDTH": return JSON(size.width)
    case "HEIGHT": return JSON(size.height)
    case "SIZE": return .string("\(size.width)x\(size.height)")
    case "RESOLUTION": return .string("\(min(size.width, size.height))p")
    case "SEED": return JSON(seed)
    case "DURATION": return JSON(seconds)
    case "FPS": return JSON(fps)
    case "OUTPUT_FPS": return JSON(outputFPS)
    case "FRAME_COUNT": return JSON(Int((seconds * Double(outputFPS) + 1).rounded(.down)))
    case "STEPS": return JSON(option("steps").int ?? (isBuiltIn ? BuiltIn.steps : 4))
    case "CFG": return JSON(option("cfg").double ?? (isBuiltIn ? BuiltIn.cfg : 1))
    case "GENERATE_AUDIO": return .bool(job.audio ?? false)
    case "AUDIO_PROMPT": return .string(option("audio_prompt").string ?? "")
    case "LOOP": return .bool(option("loop").bool ?? false)
    default: return try media(name, written)
    }
  }

  private func media(_ name: String, _ written: String) throws(Failure) -> JSON {
    switch name {
    case "FIRST_FRAME", "LAST_FRAME":
      guard let input = job.input(name.lowercased()) else { throw missing(written) }
      return try file(input, written)
    case "REFERENCE_IMAGE_COUNT": return JSON(job.inputs.count)
    case "REFERENCE_IMAGES", "REFERENCE_IMAGES_JSON":
      var names: [JSON] = []
      for input in job.inputs { names.append(try file(input, written)) }
      return name.hasSuffix("JSON")
        ? .string(String(decoding: JSON.array(names).bytes, as: UTF8.self)) : .array(names)
    default:
      guard let (number, form) = Self.reference(name) else {
        throw Failure(
          .invalid,
          "the workflow wants \(written), which is no value that is known here; docs/comfyui.md "
            + "lists them")
      }
      guard job.inputs.indices.contains(number - 1) else { throw missing(written) }
      let input = job.inputs[number - 1]
      switch form {
      case "FILENAME": return try file(input, written)
      case "BASE64": return .base64(input)
      case "DATA_URL": return .dataURL(input)
      case "MIME_TYPE": return .string(input.mime)
      default: return .string(input.url ?? "")
      }
    }
  }

  /// The number and the form in `REFERENCE_IMAGE_2_FILENAME`. Inputs are counted from 1, of all roles.
  static func reference(_ name: String) -> (number: Int, form: String)? {
    guard name.hasPrefix("REFERENCE_IMAGE_") else { return nil }
    let words = name.dropFirst("REFERENCE_IMAGE_".count).split(separator: "_", maxSplits: 1)
    let forms: Set = ["FILENAME", "BASE64", "DATA_URL", "MIME_TYPE", "URL"]
    guard words.count == 2, let number = Int(words[0]), number > 0,
      forms.contains(String(words[1]))
    else { return nil }
    return (number, String(words[1]))
  }

  private func file(_ input: Job.Input, _ written: String) throws(Failure) -> JSON {
    guard let ref = input.ref, let name = files[ref] else {
      throw Failure(.invalid, "\(input.role) must be given as bytes, for \(written)")
    }
    return .string(name)
  }

  private func missing(_ written: String) -> Failure {
    Failure(.invalid, "the workflow wants \(written), and the request has no such image")
  }
}
