import KinoraPlugin

/// The workflow for text to video when none is configured: Wan 2.1 1.3B with nodes of ComfyUI itself
/// (CreateVideo and SaveVideo came in spring 2025) and the file names of ComfyUI's own example.
/// Source: https://docs.comfy.org/tutorials/video/wan/wan-video and
/// https://huggingface.co/Comfy-Org/Wan_2.1_ComfyUI_repackaged.
///
/// It is also the model for workflows of your own: export one with "Export (API)", put placeholders
/// where values shall go.
enum BuiltIn {
  static let model = "wan2.1_t2v_1.3B_fp16.safetensors"
  static let steps = 30
  static let cfg = 6.0

  static let textToVideo: JSON = [
    "1": node("UNETLoader", ["unet_name": "{KINORA_MODEL}", "weight_dtype": "default"]),
    "2": node(
      "CLIPLoader",
      [
        "clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan", "device": "default",
      ]),
    "3": node("VAELoader", ["vae_name": "wan_2.1_vae.safetensors"]),
    "4": node("ModelSamplingSD3", ["model": ["1", 0], "shift": 8.0]),
    "5": node("CLIPTextEncode", ["clip": ["2", 0], "text": "{KINORA_PROMPT}"]),
    "6": node("CLIPTextEncode", ["clip": ["2", 0], "text": "{KINORA_NEGATIVE_PROMPT}"]),
    "7": node(
      "EmptyHunyuanLatentVideo",
      [
        "width": "{KINORA_WIDTH}", "height": "{KINORA_HEIGHT}",
        "length": "{KINORA_VIDEO_FRAME_COUNT}", "batch_size": 1,
      ]),
    "8": node(
      "KSampler",
      [
        "model": ["4", 0], "positive": ["5", 0], "negative": ["6", 0], "latent_image": ["7", 0],
        "seed": "{KINORA_SEED}", "steps": "{KINORA_VIDEO_STEPS}", "cfg": "{KINORA_VIDEO_CFG}",
        "sampler_name": "uni_pc", "scheduler": "simple", "denoise": 1.0,
      ]),
    "9": node("VAEDecode", ["samples": ["8", 0], "vae": ["3", 0]]),
    "10": node("CreateVideo", ["images": ["9", 0], "fps": "{KINORA_VIDEO_FPS}"]),
    "11": node(
      "SaveVideo",
      [
        "video": ["10", 0], "filename_prefix": "video/kinora", "format": "mp4", "codec": "h264",
      ]),
  ]

  private static func node(_ type: String, _ inputs: JSON) -> JSON {
    ["class_type": .string(type), "inputs": inputs]
  }
}
