/// The models of the simulator: one for each promise that a provider may or may not make.
let sampleCatalog = """
  {"hosts":[],"base_url":"http://127.0.0.1:8790/sample/v1","transport":"urlsession",
  "credentials":[],"poll_ms":2000,
  "submit":{"definite_statuses":[400,401,402,403,404,413,422,429],"bills_on":"success",
    "cancel":"any","paid_sends":1,"deadline_s":900,"timeout_s":60},
  "models":[
  {"id":"clip","name":"Clip","kinds":\(allKinds),\(clip),\(price)},
  {"id":"clip-tagged","name":"Clip, found again by its tag","kinds":\(allKinds),\(clip),\(price),
    "submit":{"reconcile":"by_tag"}},
  {"id":"clip-keyed","name":"Clip, repeats recognised by key","kinds":\(allKinds),\(clip),\(price),
    "submit":{"dedupe":"key","key_ttl_s":86400}},
  {"id":"clip-unpriced","name":"Clip without a price","kinds":\(allKinds),\(clip)},
  {"id":"clip-retired","name":"Clip, shut down","kinds":\(allKinds),\(clip),\(price),
    "retired_at":"2026-01-31","successor":"sample/clip"},
  {"id":"clip-upload","name":"Clip that uploads its frame first","kinds":["image-to-video"],
    \(clip),\(price)},
  {"id":"clip-sync","name":"Clip in the answer itself","kinds":["text-to-video"],\(clip),\(price),
    "submit":{"cancel":"none"}},
  {"id":"still-image","name":"Still image","kinds":["image"],"sizes":\(sizes),
    "inputs":{"reference":3},
    "aspect_ratios":["16:9","9:16","1:1"],"seed":true,"options":[],
    "prices":[{"per":"clip","usd":"0.01","source":"kinora-sim","date":"2026-10-01"}],
    "submit":{"cancel":"none"}}
  ]}
  """

private let allKinds = #"["text-to-video","image-to-video","first-last-frame","references"]"#
private let sizes = #"["1280x720","720x1280","1024x1024"]"#
private let clip = """
  "durations":{"min":1,"max":20,"step":1},"default_duration":5,"sizes":\(sizes),
    "aspect_ratios":["16:9","9:16","1:1"],"resolutions":["720p"],"audio":"optional","seed":true,
    "negative_prompt":true,"inputs":{"first_frame":1,"last_frame":1,"reference":3},"options":[]
  """
private let price =
  #""prices":[{"per":"second","usd":"0.01","source":"kinora-sim","date":"2026-10-01"}]"#
