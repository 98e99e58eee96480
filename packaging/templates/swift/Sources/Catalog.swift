/// What the models can do, what they cost, and what a paid submit may rely on. Requests are checked,
/// priced and resumed by it; leave out a term that the provider does not promise.
let catalog = #"""
  {"hosts":[],"base_url":"http://127.0.0.1:8790/sample/v1","credentials":[],"poll_ms":2000,
  "submit":{"definite_statuses":[400,401,402,403,404,413,422,429],"bills_on":"success",
    "cancel":"any","deadline_s":900},
  "models":[
  {"id":"clip","name":"Clip","kinds":["text-to-video","image-to-video"],
    "durations":{"min":1,"max":20,"step":1},"default_duration":5,
    "aspect_ratios":["16:9","9:16","1:1"],"seed":true,"inputs":{"first_frame":1},"options":[],
    "prices":[{"per":"second","usd":"0.01","source":"kinora-sim","date":"2026-10-01"}]}
  ]}
  """#
