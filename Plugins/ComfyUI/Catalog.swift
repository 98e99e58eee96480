/// What workflows may be asked for. Sizes and lengths are those that the usual open video models take
/// (multiples of 16 pixels); what one workflow can do beyond or below that only its author knows.
///
/// A render costs nothing: ComfyUI runs on the user's own machine. It is still sent at most once,
/// since a second one would take the machine for minutes; and a lost submit is found by the id that
/// we gave it, or is proven absent.
let comfyUICatalog = """
  {"hosts":[],"base_url":"http://127.0.0.1:8188","transport":"libcurl","probe":"/system_stats",
  "credentials":[],"poll_ms":2000,
  "submit":{"definite_statuses":[400,401,402,403,404,405,413,422,429],"bills_on":"success",
    "cancel":"any","reconcile":"by_tag","deadline_s":14400,"timeout_s":60},
  "models":[
  {"id":"video","name":"ComfyUI video workflow","kinds":["text-to-video","image-to-video",
    "first-last-frame","references"],"durations":{"min":1,"max":60,"step":0.5},
    "default_duration":5,\(frames),"fps":\(rates),"audio":"optional",
    "inputs":{"first_frame":1,"last_frame":1,"reference":8},\(common)},
  {"id":"image","name":"ComfyUI image workflow","kinds":["image"],\(frames),
    "inputs":{"first_frame":1,"reference":8},\(common)}
  ]}
  """

private let rates = "[\((1...120).map(String.init).joined(separator: ","))]"
private let frames = """
  "aspect_ratios":["16:9","9:16","1:1","4:3","3:4"],"sizes":["848x480","480x848","640x640",
    "640x480","480x640","832x480","480x832","512x512","768x512","512x768","768x768","1024x576",
    "576x1024","1280x704","704x1280","1280x720","720x1280","960x960","1024x1024","1024x768",
    "768x1024","1920x1088","1088x1920"]
  """
private let common = """
  "seed":true,"negative_prompt":true,
    "options":["workflow","model","steps","cfg","audio_prompt","loop"],
    "prices":[{"per":"clip","usd":"0","source":"https://github.com/comfyanonymous/ComfyUI (runs locally)",
    "date":"2026-10-01"}]
  """
