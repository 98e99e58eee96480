import KinoraPlugin

/// What ComfyUI's answers say.
extension ComfyUI {
  /// `GET /queue`: entries are `[number, prompt_id, graph, extra_data, outputs]`.
  struct Queue {
    private let running: [JSON]
    private let pending: [JSON]

    init(_ json: JSON) throws(Failure) {
      guard case .array(let running) = json["queue_running"],
        case .array(let pending) = json["queue_pending"]
      else { throw Failure(.protocol, "ComfyUI answered without a queue") }
      self.running = running
      self.pending = pending
    }

    func isRunning(_ id: String) -> Bool { running.contains { $0[1].string == id } }
    func holds(_ id: String) -> Bool { (running + pending).contains { $0[1].string == id } }

    /// By the id that we gave; servers that made their own know it as the client's.
    func find(_ id: String) -> String? {
      (running + pending).first { $0[1].string == id || $0[3]["client_id"].string == id }?[1].text
    }
  }

  /// An answer to a free request about an accepted job, as an object. A 404 says nothing of the job:
  /// for one that it does not know ComfyUI answers `{}`.
  func answer(_ response: Response, _ context: Context) throws(Failure) -> JSON {
    guard response.isSuccess else {
      let failure = Failure(response, words: nil, context)
      throw [.notFound, .invalid].contains(failure.code)
        ? Failure(.unavailable, "ComfyUI answered \(response.status)", isRetryable: true) : failure
    }
    let json = try response.json()
    guard case .object = json else {
      throw Failure(.protocol, "ComfyUI answered with something else than an object")
    }
    return json
  }

  /// The file's name for a LoadImage node; ComfyUI may have changed it.
  func uploaded(_ response: Response, _ context: Context) throws(Failure) -> String {
    guard response.isSuccess else {
      let words = response.jsonOrNull["error"].string
      throw response.status == 400
        ? Failure(.invalid, "ComfyUI did not take the image")
        : Failure(response, words: words, context)
    }
    let answer = try response.json()
    guard let name = answer["name"].string, !name.isEmpty else {
      throw Failure(.protocol, "ComfyUI answered an upload without the file's name")
    }
    let folder = answer["subfolder"].string ?? ""
    return folder.isEmpty ? name : "\(folder)/\(name)"
  }

  /// `{"error":{"type","message","details"},"node_errors":{NODE:{"errors":[…],"class_type"}}}`.
  func refusal(_ response: Response, _ context: Context) -> Failure {
    let body = response.jsonOrNull
    guard response.status == 400, case .object = body else {
      return Failure(response, words: body["error"]["message"].string, context)
    }
    var words = [
      body["error"]["message"].string ?? body["error"].string ?? "the workflow is not valid",
      body["error"]["details"].string ?? "",
    ]
    for node in body["node_errors"].members.prefix(3) {
      for error in node.value["errors"].array.prefix(2) {
        words.append(
          "node \(node.key) (\(node.value["class_type"].string ?? "?")): "
            + "\(error["message"].string ?? ""), \(error["details"].string ?? "")")
      }
    }
    let said = Failure.cleaned(words.filter { !$0.isEmpty }.joined(separator: "; "))
    return Failure(
      .invalid, "ComfyUI refused the workflow: \(said.isEmpty ? "no reason" : said)")
  }

  /// The step for an entry of the history; nil while there is none, or none that says how it ended.
  func finished(_ id: String, _ history: JSON, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>?
  {
    let entry = history[id]
    guard case .object = entry else { return nil }
    let status = entry["status"]
    switch status["status_str"].string?.lowercased() {
    case "error", "failed", "failure": throw failure(status["messages"].array)
    case "success", "succeeded", "completed", nil: break
    default: guard status["completed"].bool == true else { return nil }
    }
    // A server that says nothing of the end has an entry only when it was reached.
    if status["completed"].bool == false { throw failure(status["messages"].array) }
    return .succeed(Output(assets: try files(entry["outputs"], job, context))).handle(id)
  }

  /// Messages are `[NAME, {…}]`; the reason stands in `execution_error`.
  private func failure(_ messages: [JSON]) -> Failure {
    if let error = messages.first(where: { $0[0].string == "execution_error" })?[1] {
      let node = error["node_type"].string.map { "\($0): " } ?? ""
      let words = error["exception_message"].string ?? error["exception_type"].string ?? ""
      let said = Failure.cleaned(node + words)
      return Failure(.refused, "the workflow failed: \(said.isEmpty ? "no reason" : said)")
    }
    return messages.contains { $0[0].string == "execution_interrupted" }
      ? Failure(.refused, "the render was interrupted at ComfyUI")
      : Failure(.refused, "the workflow failed and ComfyUI gives no reason")
  }

  /// Every node may list files under any key: SaveVideo says `images`, VHS_VideoCombine `gifs`. Those
  /// that were saved come before previews; the option `output_node` names one node.
  private func files(_ outputs: JSON, _ job: Job, _ context: Context) throws(Failure) -> [Asset] {
    let wanted: Set<String> =
      job.kind == "image"
      ? ["png", "jpg", "jpeg", "webp"] : ["mp4", "webm", "mov", "mkv", "m4v"]
    let node = context.config["output_node"].text
    var all: [JSON] = []
    for output in outputs.members where node == nil || output.key == node {
      for list in output.value.members {
        all += list.value.array.filter { $0["filename"].string != nil }
      }
    }
    let found = all.filter { file in
      let ending = (file["filename"].string ?? "").split(separator: ".").last ?? ""
      return wanted.contains(ending.lowercased())
    }
    let saved = found.filter { $0["type"].string ?? "output" == "output" }
    guard !found.isEmpty else {
      let names = all.compactMap { $0["filename"].string }.prefix(5).joined(separator: ", ")
      throw Failure(
        .refused,
        "the workflow made no \(job.kind == "image" ? "image" : "video") file"
          + (names.isEmpty ? "" : ": it made \(Failure.cleaned(names))"))
    }
    return (saved.isEmpty ? found : saved).prefix(16).map { file in
      func query(_ name: String, _ usual: String) -> String {
        (file[name].string ?? usual).percentEncoded
      }
      return .url(
        "\(context.baseURL)/view?filename=\(query("filename", ""))"
          + "&subfolder=\(query("subfolder", ""))&type=\(query("type", "output"))")
    }
  }
}
