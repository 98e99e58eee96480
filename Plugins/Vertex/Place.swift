import KinoraPlugin

/// Where a job is made: `projects/P/locations/L`, and with it the host.
struct Place {
  let project: String
  let location: String
  /// Of an operation; empty otherwise.
  var model = ""

  /// The configured one. Throws `invalid` naming the option.
  init(_ context: Context) throws(Failure) {
    let options = context.config
    guard let project = options["project"].text, Self.isPlain(project) else {
      throw Failure(
        .invalid, "options.project must name a Google Cloud project, as in {project: my-project}")
    }
    let location = options["location"].text ?? "us-central1"
    guard Self.isLocation(location) else {
      throw Failure(
        .invalid, "options.location must be a region such as us-central1 or europe-west4, or global"
      )
    }
    self.project = project
    self.location = location
  }

  /// That of an operation; nil for any other name, which could lead a poll elsewhere.
  init?(operation name: String) {
    let words = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let fixed = [0: "projects", 2: "locations", 4: "publishers", 6: "models", 8: "operations"]
    guard words.count == 10, fixed.allSatisfy({ words[$0.key] == $0.value }), words[5] == "google",
      Self.isPlain(words[1]), Self.isLocation(words[3]), Self.isPlain(words[7]),
      Self.isPlain(words[9])
    else { return nil }
    project = words[1]
    location = words[3]
    model = words[7]
  }

  /// A method of a model. The base URL of the catalog is the global host: a region has its own.
  func url(_ context: Context, model: String, method: String) -> String {
    var base = context.baseURL
    if base == "https://aiplatform.googleapis.com", location != "global" {
      base = "https://\(location)-aiplatform.googleapis.com"
    }
    if !["/v1", "/v1beta1"].contains(where: { base.hasSuffix($0) }) { base += "/v1" }
    return "\(base)/projects/\(project)/locations/\(location)/publishers/google/models/"
      + model.percentEncoded + ":" + method
  }

  private static func isLocation(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2d
      }
  }

  /// Letters, digits and `-._:`, and no folder; a project may be `example.com:project`.
  static func isPlain(_ text: String) -> Bool {
    guard !text.isEmpty, text != ".", text != ".." else { return false }
    return text.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x3a, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
      default: false
      }
    }
  }
}
