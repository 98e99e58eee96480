import KinoraModel

/// `/docs`: one page without anything from elsewhere, made of the contract and the examples.
enum DocsPage {
  /// Nothing is fetched, nothing is run; the one style sheet stands in the page.
  static let policy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    + "frame-ancestors 'none'"

  /// Each can be pasted into a shell that has `KINORA_SOCKET`, in this order: `$ID` is the job that
  /// the first one made.
  static let examples: [(title: String, command: String)] = [
    (
      "Make a video",
      """
      ID=$(curl -fsS --unix-socket "$KINORA_SOCKET" http://kinora/v1/videos \\
        -H 'content-type: application/json' -H "idempotency-key: boat-$$" \\
        -d '{"model":"sample/clip","prompt":"a paper boat","seconds":4}' \\
        | sed 's/.*"id":"\\(video_[^"]*\\)".*/\\1/')
      """
    ),
    (
      "What it would cost",
      """
      curl -fsS --unix-socket "$KINORA_SOCKET" http://kinora/v1/quote \\
        -H 'content-type: application/json' \\
        -d '{"model":"sample/clip","prompt":"a paper boat","seconds":4}'
      """
    ),
    (
      "Wait for its end",
      #"curl -fsS --unix-socket "$KINORA_SOCKET" "http://kinora/v1/videos/$ID?wait=60""#
    ),
    (
      "Follow what happens",
      #"curl -fsSN --unix-socket "$KINORA_SOCKET" "http://kinora/v1/videos/$ID/events""#
    ),
    (
      "Fetch the file",
      """
      curl -fsS --unix-socket "$KINORA_SOCKET" -o boat.mp4 \\
        "http://kinora/v1/videos/$ID/content"
      """
    ),
    (
      "Own jobs that are over",
      #"curl -fsS --unix-socket "$KINORA_SOCKET" "http://kinora/v1/videos?status=completed""#
    ),
    ("Models", #"curl -fsS --unix-socket "$KINORA_SOCKET" http://kinora/v1/models"#),
    ("Money", #"curl -fsS --unix-socket "$KINORA_SOCKET" http://kinora/v1/usage"#),
    (
      "Delete it",
      #"curl -fsS --unix-socket "$KINORA_SOCKET" -X DELETE "http://kinora/v1/videos/$ID""#
    ),
  ]

  /// The page, made once.
  static let html: String = {
    var html = """
      <!doctype html><html lang="en"><meta charset="utf-8">
      <meta name="viewport" content="width=device-width"><title>Kinora</title><style>
      body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
      pre{background:#f3f3f0;padding:.8rem;overflow:auto}code{font-family:ui-monospace,monospace}
      td{padding:.15rem .8rem .15rem 0;vertical-align:top}
      @media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}pre{background:#242424}
      a{color:#9bf}}</style>
      <h1>Kinora \(Version.current)</h1>
      <p>Makes videos through every provider. The whole contract is in
      <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p><h2>Examples</h2>
      <pre><code>KINORA_SOCKET=/run/kinora/kinora.sock</code></pre>
      """
    for example in examples {
      html +=
        "<h3>\(escaped(example.title))</h3>\n"
        + "<pre class=\"run\"><code>\(escaped(example.command))</code></pre>\n"
    }
    html += "<h2>Routes</h2>\n<table>\n"
    for route in Routes.all {
      for endpoint in route.endpoints {
        let summary = escaped(Contract.operation(route, endpoint).summary)
        html +=
          "<tr><td><code>\(endpoint.method)</code><td><code>"
          + "\(escaped(Contract.path(route.template)))</code><td>\(summary)\n"
      }
    }
    return html + "</table></html>\n"
  }()

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
