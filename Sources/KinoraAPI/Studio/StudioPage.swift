import KinoraModel

/// `/studio` as text: markup, one style sheet and one script, nothing from elsewhere.
enum StudioPage {
  /// What the browser lets the page do: run what carries the nonce, speak to where it came from,
  /// show what it fetched itself. No text can become markup or code.
  static func policy(nonce: String) -> String {
    "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; "
      + "connect-src 'self'; media-src 'self' blob:; img-src 'self' blob: data:; base-uri 'none'; "
      + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
      + "trusted-types 'none'"
  }

  /// The page for one answer.
  static func html(nonce: String) -> String {
    template.replacing("{nonce}", with: nonce)
  }

  private static let template =
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Kinora Studio</title>
    <link rel="icon" href="data:,">
    <style nonce="{nonce}">
    \(StudioStyle.text)
    </style>
    </head>
    <body>
    \(markup)
    <script nonce="{nonce}">
    (() => {
    "use strict";
    \(StudioScript.talk)
    \(StudioScript.view)
    \(StudioScript.life)
    })();
    </script>
    </body>
    </html>

    """

  /// Every control has a label; what changes by itself is announced.
  private static let markup = #"""
    <header>
    <h1>Kinora Studio</h1>
    <p class="state"><label for="state">State</label> <output id="state">idle</output></p>
    </header>
    <main>
    <noscript><p>This page needs JavaScript. Without it: <a href="/docs">/docs</a>.</p></noscript>
    <form id="access" class="card" hidden>
    <label for="key">API key</label>
    <input id="key" type="password" required autocomplete="off" spellcheck="false"
     aria-describedby="key-help">
    <p id="key-help" class="hint">This address wants a key; <code>kinora keys create NAME</code>
    makes one. It stays in this tab and is forgotten with it.</p>
    <button class="main">Use this key</button>
    </form>
    <form id="form" class="card">
    <fieldset id="fields">
    <label for="prompt">Prompt</label>
    <textarea id="prompt" rows="4" required placeholder="A paper boat in the rain"></textarea>
    <div class="row">
    <p class="wide"><label for="model">Model</label>
    <select id="model"><option value="">Default of this host</option></select></p>
    <p hidden><label for="seconds">Length</label> <select id="seconds"></select></p>
    <p hidden><label for="aspect_ratio">Shape</label> <select id="aspect_ratio"></select></p>
    <p hidden><label for="resolution">Resolution</label> <select id="resolution"></select></p>
    <p hidden><label for="size">Size</label> <select id="size"></select></p>
    </div>
    <p class="end"><button id="generate" class="main">Generate Video</button>
    <output id="quote" class="hint" for="prompt model seconds aspect_ratio resolution size"
    ></output></p>
    </fieldset>
    </form>
    <section id="run" class="card" aria-label="Progress" tabindex="-1" hidden>
    <p id="job" hidden>Job: <code id="id"></code></p>
    <progress id="progress" max="100" aria-label="Progress"></progress>
    <p>Status: <span id="status" role="status">starting...</span></p>
    <p id="note" class="hint"></p>
    <button id="cancel" type="button">Cancel</button>
    </section>
    <p id="error" class="card" role="alert" hidden></p>
    <p id="word" class="hint" role="status"></p>
    <section id="result" class="card" aria-label="Result" hidden>
    <div id="files"></div>
    <p id="cost" class="hint"></p>
    </section>
    <button id="clear" type="button" hidden>Clear</button>
    </main>
    """#
}
