import KinoraModel

/// One class of node, as `/object_info` describes it and validation reads it.
struct ComfyNode: Sendable {
  enum Input: Sendable {
    /// A link to another node's output of this type.
    case link(String)
    case int(min: Int64, max: Int64)
    case float(min: Double, max: Double)
    case text
    case list([String])
    /// The name of an uploaded file.
    case upload
  }

  let name: String
  /// What its outputs are.
  var gives: [String] = []
  var inputs: [(name: String, type: Input)] = []
  /// It saves a file, so a graph may end here.
  var isOutput = false

  private static let length = Input.int(min: 1, max: 16384)
  private static let side = Input.int(min: 16, max: 16384)

  static let all: [String: ComfyNode] = Dictionary(
    uniqueKeysWithValues: [
      ComfyNode(
        name: "UNETLoader", gives: ["MODEL"],
        inputs: [
          (
            "unet_name",
            .list([
              "wan2.1_t2v_1.3B_fp16.safetensors", "wan2.1_i2v_480p_14B_fp16.safetensors",
            ])
          ),
          ("weight_dtype", .list(["default", "fp8_e4m3fn"])),
        ]),
      ComfyNode(
        name: "CLIPLoader", gives: ["CLIP"],
        inputs: [
          ("clip_name", .list(["umt5_xxl_fp8_e4m3fn_scaled.safetensors"])),
          ("type", .list(["stable_diffusion", "sd3", "wan"])),
        ]),
      ComfyNode(
        name: "VAELoader", gives: ["VAE"],
        inputs: [("vae_name", .list(["wan_2.1_vae.safetensors"]))]),
      ComfyNode(
        name: "CheckpointLoaderSimple", gives: ["MODEL", "CLIP", "VAE"],
        inputs: [("ckpt_name", .list(["v1-5-pruned-emaonly-fp16.safetensors"]))]),
      ComfyNode(
        name: "ModelSamplingSD3", gives: ["MODEL"],
        inputs: [("model", .link("MODEL")), ("shift", .float(min: 0, max: 100))]),
      ComfyNode(
        name: "CLIPTextEncode", gives: ["CONDITIONING"],
        inputs: [("text", .text), ("clip", .link("CLIP"))]),
      ComfyNode(name: "LoadImage", gives: ["IMAGE", "MASK"], inputs: [("image", .upload)]),
      ComfyNode(
        name: "EmptyHunyuanLatentVideo", gives: ["LATENT"],
        inputs: [
          ("width", side), ("height", side), ("length", length),
          ("batch_size", .int(min: 1, max: 4096)),
        ]),
      ComfyNode(
        name: "EmptyLatentImage", gives: ["LATENT"],
        inputs: [("width", side), ("height", side), ("batch_size", .int(min: 1, max: 4096))]),
      ComfyNode(
        name: "WanImageToVideo", gives: ["CONDITIONING", "CONDITIONING", "LATENT"],
        inputs: [
          ("positive", .link("CONDITIONING")), ("negative", .link("CONDITIONING")),
          ("vae", .link("VAE")), ("width", side), ("height", side), ("length", length),
          ("batch_size", .int(min: 1, max: 4096)), ("start_image", .link("IMAGE")),
        ]),
      ComfyNode(
        name: "KSampler", gives: ["LATENT"],
        inputs: [
          ("model", .link("MODEL")), ("seed", .int(min: 0, max: .max)),
          ("steps", .int(min: 1, max: 10000)), ("cfg", .float(min: 0, max: 100)),
          ("sampler_name", .list(["euler", "uni_pc"])), ("scheduler", .list(["simple", "normal"])),
          ("positive", .link("CONDITIONING")), ("negative", .link("CONDITIONING")),
          ("latent_image", .link("LATENT")), ("denoise", .float(min: 0, max: 1)),
        ]),
      ComfyNode(
        name: "VAEDecode", gives: ["IMAGE"],
        inputs: [("samples", .link("LATENT")), ("vae", .link("VAE"))]),
      ComfyNode(
        name: "CreateVideo", gives: ["VIDEO"],
        inputs: [("images", .link("IMAGE")), ("fps", .float(min: 1, max: 120))]),
      ComfyNode(
        name: "SaveVideo",
        inputs: [
          ("video", .link("VIDEO")), ("filename_prefix", .text),
          ("format", .list(["auto", "mp4"])),
          ("codec", .list(["auto", "h264"])),
        ], isOutput: true),
      ComfyNode(
        name: "VHS_VideoCombine",
        inputs: [
          ("images", .link("IMAGE")), ("frame_rate", .float(min: 1, max: 240)),
          ("loop_count", .int(min: 0, max: 100)), ("filename_prefix", .text),
          ("format", .list(["image/gif", "video/h264-mp4"])),
        ], isOutput: true),
      ComfyNode(
        name: "SaveImage", inputs: [("images", .link("IMAGE")), ("filename_prefix", .text)],
        isOutput: true),
    ].map { ($0.name, $0) })

  /// `/object_info`, of all or of one; `{}` for one that is not known.
  static func info(_ name: String?) -> JSON {
    let nodes = all.values.sorted { $0.name < $1.name }.filter { name == nil || $0.name == name }
    return .object(nodes.map { JSONMember($0.name, $0.info) })
  }

  private var info: JSON {
    let required = inputs.map { input -> JSONMember in
      let type: JSON =
        switch input.type {
        case .link(let type): [.string(type)]
        case .int(let min, let max): ["INT", ["min": .integer(min), "max": .integer(max)]]
        case .float(let min, let max): ["FLOAT", ["min": .number(min), "max": .number(max)]]
        case .text: ["STRING", ["multiline": true]]
        case .list(let words): [.array(words.map { .string($0) })]
        case .upload: [[], ["image_upload": true]]
        }
      return JSONMember(input.name, type)
    }
    return [
      "input": ["required": .object(required)], "output": .array(gives.map { .string($0) }),
      "name": .string(name), "display_name": .string(name), "output_node": .bool(isOutput),
    ]
  }
}
