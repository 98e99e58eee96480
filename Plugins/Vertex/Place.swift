import KinoraPlugin

/// Where a job is made: `projects/P/locations/L`, and with it the host.
struct Place {
  let project: String
  let location: String
  let model: String

  /// The configured one. Throws `invalid` naming the option.
  init(of model: String, _ context: Context) throws(Failure) {
    self.model = model
    project = try context.option(
      "project",
      otherwise: "options.project must name a Google Cloud project, as in {project: my-project}"
    ) { $0.isPlain("-._:") }
    location = try context.option(
      "location", usual: "us-central1",
      otherwise: "options.location must be a region such as us-central1 or europe-west4, or global"
    ) { $0.isPlain("-") }
  }

  /// That of an operation; nil for any other name, which could lead a poll elsewhere.
  init?(operation name: String) {
    let form = "projects/*/locations/*/publishers/google/models/*/operations/*"
    guard let words = name.segments(matching: form), words[1].isPlain("-") else { return nil }
    (project, location, model) = (words[0], words[1], words[2])
  }

  /// A method of the model. The base URL of the catalog is the global host: a region has its own.
  func url(_ context: Context, _ method: String) -> String {
    var base = context.baseURL
    if base == "https://aiplatform.googleapis.com", location != "global" {
      base = "https://\(location)-aiplatform.googleapis.com"
    }
    if !["/v1", "/v1beta1"].contains(where: base.hasSuffix) { base += "/v1" }
    return "\(base)/projects/\(project)/locations/\(location)/publishers/google/models/"
      + model.percentEncoded + ":" + method
  }
}
