import KinoraPlugin

/// From a job to the graph that ComfyUI runs.
extension ComfyUI {
  /// The workflow for a job, checked against what it asks, and what becomes of its inputs.
  struct Plan {
    var graph: JSON
    var isBuiltIn: Bool
    /// Inputs that the workflow wants as files, in the job's order; they are uploaded first.
    var uploads: [Job.Input]
  }

  /// Chooses by the client's option `workflow` (the provider's option `workflow_NAME`), by kind
  /// (`workflow_image_to_video`), else the provider's `workflow`, else the built-in one.
  func plan(_ job: Job, _ context: Context) throws(Failure) -> Plan {
    var plan = Plan(graph: BuiltIn.textToVideo, isBuiltIn: true, uploads: [])
    let kind = "workflow_" + job.kind.map { $0 == "-" ? "_" : $0 }
    let named = job.options["workflow"]
    if !named.isNull {
      let found = context.config["workflow_" + (named.string ?? "")]
      guard !found.isNull else {
        throw Failure(.invalid, "there is no workflow of that name: options.workflow")
      }
      plan = Plan(graph: try api(found, "workflow_NAME"), isBuiltIn: false, uploads: [])
    } else if !context.config[kind].isNull {
      plan = Plan(graph: try api(context.config[kind], kind), isBuiltIn: false, uploads: [])
    } else if job.kind != "image", !context.config["workflow"].isNull {
      plan = Plan(
        graph: try api(context.config["workflow"], "workflow"), isBuiltIn: false, uploads: [])
    } else if job.kind != "text-to-video" {
      throw Failure(
        .invalid, "no workflow for \(job.kind) is configured: the provider's option \(kind)")
    }
    let names = Token.names(in: plan.graph)
    try honours(names, job)
    plan.uploads = try uploads(names, job)
    return plan
  }

  /// The API form of a workflow: `{"NODE":{"class_type","inputs"}}`, also as a whole request.
  private func api(_ json: JSON, _ option: String) throws(Failure) -> JSON {
    let graph =
      json["prompt"]["class_type"].isNull && !json["prompt"].isNull ? json["prompt"] : json
    guard case .object(let nodes) = graph, !nodes.isEmpty,
      nodes.allSatisfy({ $0.value["class_type"].string != nil })
    else {
      throw Failure(
        .invalid,
        "the option \(option) is no workflow in ComfyUI's API form: export it with \"Export (API)\""
      )
    }
    return graph
  }

  /// What the client asked for and the workflow has no place for is refused, except `fps`, which is a
  /// hint everywhere.
  private func honours(_ names: Set<String>, _ job: Job) throws(Failure) {
    func needs(_ name: String, _ field: String, _ isAsked: Bool) throws(Failure) {
      guard isAsked, !names.contains(name) else { return }
      throw Failure(.invalid, "the workflow has no place for \(field): {KINORA_\(name)}")
    }
    try needs("PROMPT", "prompt", !job.prompt.isEmpty)
    try needs("NEGATIVE_PROMPT", "negative_prompt", job.negativePrompt != nil)
    try needs("SEED", "seed", job.seed != nil)
    try needs("GENERATE_AUDIO", "audio", job.audio == true)
    for name in ["model", "steps", "cfg", "audio_prompt", "loop"] {
      let value = job.options[name]
      try needs(name.uppercased(), "options.\(name)", !value.isNull)
      let isRight =
        switch name {
        case "steps": value.int.map { (1...1000).contains($0) } ?? false
        case "cfg":
          value.string == nil && value.double.map { (0...100).contains($0) } ?? false
        case "loop": value.bool != nil
        default: value.string != nil
        }
      guard value.isNull || isRight else {
        throw Failure(
          .invalid,
          "options.\(name) must be \(["steps": "1 to 1000", "cfg": "0 to 100", "loop": "true or false"][name] ?? "a text")"
        )
      }
    }
    guard job.seed ?? 0 >= 0 else {
      throw Failure(.invalid, "seed must be 0 or more at ComfyUI")
    }
  }

  /// Every input must have a place; those whose place is a file name are uploaded.
  private func uploads(_ names: Set<String>, _ job: Job) throws(Failure) -> [Job.Input] {
    let all = !names.isDisjoint(with: ["REFERENCE_IMAGES", "REFERENCE_IMAGES_JSON"])
    let forms = names.compactMap(Values.reference)
    var uploads: [Job.Input] = []
    for (index, input) in job.inputs.enumerated() {
      let own = forms.filter { $0.number == index + 1 }.map(\.form)
      let role = input.role.uppercased()
      let isFile = all || own.contains("FILENAME") || names.contains(role)
      guard isFile || own.contains(where: { $0 != "MIME_TYPE" }) else {
        throw Failure(
          .invalid,
          "the workflow has no place for \(input.role): "
            + (role == "REFERENCE"
              ? "{KINORA_REFERENCE_IMAGE_\(index + 1)_FILENAME}" : "{KINORA_\(role)}"))
      }
      guard input.ref != nil else {
        throw Failure(.invalid, "\(input.role) must be given as bytes or as an https address")
      }
      if isFile { uploads.append(input) }
    }
    return uploads
  }

  /// The next upload, or the submit when there is none left. `names` are the answers so far.
  func proceed(_ names: [String], _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    let plan = try plan(job, context)
    guard names.count >= plan.uploads.count else {
      let input = plan.uploads[names.count]
      let ending = input.mime.split(separator: "/").last.map { $0 == "jpeg" ? "jpg" : $0 } ?? "png"
      var form = Multipart()
      // A name of our own, so that a repeat replaces the file instead of making "x (1).png".
      form.file("image", input, name: "kinora-\(context.seed)-\(names.count).\(ending)")
      form.field("type", "input")
      form.field("overwrite", "true")
      return .send(
        .post(context.baseURL + "/upload/image", .free, body: form.body(context)),
        .uploading(names: names))
    }
    var values = Values(job: job, context: context, isBuiltIn: plan.isBuiltIn)
    for (input, name) in zip(plan.uploads, names) { values.files[input.ref ?? ""] = name }
    let id = promptID(context)
    let graph = try Token.filled(plan.graph) { name, written throws(Failure) in
      try values.value(name, written)
    }
    return .send(
      .post(
        context.baseURL + "/prompt", .paid,
        json: ["prompt": graph, "client_id": .string(id), "prompt_id": .string(id)]), .submitting)
  }

  /// Our own id of the render, by which a lost submit is found again: a UUID in lower case, which newer
  /// servers insist on. Made of seed and attempt: another purchase has another.
  func promptID(_ context: Context) -> String {
    let digits = Array(context.seed)
    guard digits.count == 32 else { return context.seed }
    func part(_ range: Range<Int>) -> String { String(digits[range]) }
    let variant = ["8", "9", "a", "b"][(Int(part(16..<17), radix: 16) ?? 0) & 3]
    let last =
      (UInt16(part(28..<32), radix: 16) ?? 0) ^ UInt16(truncatingIfNeeded: context.attempt - 1)
    let tail = String(last, radix: 16)
    let zeros = String(repeating: "0", count: 4 - tail.count)
    return "\(part(0..<8))-\(part(8..<12))-4\(part(13..<16))-\(variant)\(part(17..<20))-"
      + "\(part(20..<28))\(zeros)\(tail)"
  }
}
