/// One model that stands for whatever the server makes by default. Its real ones are written with the
/// provider's `models:` in the configuration, with prices; a server of one's own costs `assume_usd: 0`.
let customCatalog = #"""
  {"hosts":[],"base_url":"http://127.0.0.1:8000/v1","transport":"libcurl",
  "credentials":[{"name":"api_key","required":false,"help":"the server's own key, if it wants one"}],
  "submit":{"definite_statuses":[400,401,402,403,404,405,413,422,429],"bills_on":"success","cancel":"none","deadline_s":3600,"timeout_s":900},
  "models":[
  {"id":"video","name":"The server's video model","kinds":["text-to-video","image-to-video","references"],"durations":{"min":1,"max":20,"step":1},"default_duration":5,"aspect_ratios":["16:9","9:16","1:1"],"resolutions":["720p","480p"],"inputs":{"first_frame":1,"reference":4}}
  ]}
  """#
