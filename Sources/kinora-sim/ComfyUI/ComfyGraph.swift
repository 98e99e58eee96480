import KinoraModel

/// A graph in the API form, validated as execution.py does it: classes first, then from each output
/// node backwards. Outputs that are valid run, also when others are not.
struct ComfyGraph {
  /// What `POST /prompt` answers with 400.
  struct Refusal: Error {
    var type: String
    var message: String
    var details = ""
    var nodes: JSON = [:]

    var json: JSON {
      [
        "error": [
          "type": .string(type), "message": .string(message), "details": .string(details),
          "extra_info": [:],
        ],
        "node_errors": nodes,
      ]
    }
  }

  private let nodes: [JSONMember]
  private let isUpload: (String) -> Bool
  /// Output nodes that will run.
  private(set) var outputs: [String] = []
  /// `{NODE:{"errors","dependent_outputs","class_type"}}`.
  private(set) var errors: JSON = [:]

  init(_ graph: JSON, isUpload: @escaping (String) -> Bool) throws(Refusal) {
    nodes = graph.members ?? []
    self.isUpload = isUpload
    var ends: [String] = []
    for node in nodes {
      guard let type = node.value["class_type"]?.string else {
        throw Refusal(
          type: "invalid_prompt",
          message: "Cannot execute because a node is missing the class_type property.",
          details: "Node ID '#\(node.key)'")
      }
      guard let known = ComfyNode.all[type] else {
        throw Refusal(
          type: "invalid_prompt",
          message: "Cannot execute because node \(type) does not exist.",
          details: "Node ID '#\(node.key)'")
      }
      if known.isOutput { ends.append(node.key) }
    }
    guard !ends.isEmpty else {
      throw Refusal(type: "prompt_no_outputs", message: "Prompt has no outputs")
    }
    for end in ends {
      var seen: Set<String> = []
      if check(end, for: end, &seen) { outputs.append(end) }
    }
    guard !outputs.isEmpty else {
      throw Refusal(
        type: "prompt_outputs_failed_validation", message: "Prompt outputs failed validation",
        nodes: errors)
    }
  }

  /// The first value of an input of this name, in the order of the graph.
  func first(_ input: String, of type: String? = nil) -> JSON? {
    nodes.lazy.filter { type == nil || $0.value["class_type"]?.string == type }
      .compactMap { $0.value["inputs"]?[input] }.first { $0.array == nil }
  }

  func type(of node: String) -> String { value(node)?["class_type"]?.string ?? "" }
  func value(_ node: String) -> JSON? { nodes.first { $0.key == node }?.value }

  private mutating func check(_ id: String, for end: String, _ seen: inout Set<String>) -> Bool {
    guard seen.insert(id).inserted, let node = value(id), let known = ComfyNode.all[type(of: id)]
    else { return true }
    var found: [JSON] = []
    var isGood = true
    for (name, type) in known.inputs {
      guard let value = node["inputs"]?[name] else {
        // Like the images of WanImageToVideo, links may be optional; values are not.
        if case .link = type, name == "start_image" { continue }
        found.append(Self.error("required_input_missing", "Required input is missing", name, name))
        continue
      }
      if let link = value.array {
        guard link.count == 2, let from = link[0].string, let place = link[1].integer,
          let source = ComfyNode.all[self.type(of: from)],
          source.gives.indices.contains(Int(place))
        else {
          found.append(
            Self.error(
              "bad_linked_input",
              "Bad linked input, must be a length-2 list of [node_id, slot_index]",
              name, name))
          continue
        }
        if case .link(let wanted) = type, source.gives[Int(place)] != wanted {
          found.append(
            Self.error(
              "return_type_mismatch", "Return type mismatch between linked nodes",
              "\(name), received_type(\(source.gives[Int(place)])) mismatch input_type(\(wanted))",
              name))
        }
        isGood = check(from, for: end, &seen) && isGood
      } else if let error = error(name, type, value) {
        found.append(error)
      }
    }
    if !found.isEmpty {
      errors = errors.setting(
        id,
        [
          "errors": .array(found), "dependent_outputs": [.string(end)],
          "class_type": .string(type(of: id)),
        ])
    }
    return isGood && found.isEmpty
  }

  /// Numbers may come as text, as Python's int() and float() take them.
  private func error(_ name: String, _ type: ComfyNode.Input, _ value: JSON) -> JSON? {
    func wrong(_ kind: String, _ message: String, _ details: String) -> JSON {
      Self.error(kind, message, details, name, value)
    }
    func range(_ number: Double?, _ low: Double, _ high: Double, _ type: String) -> JSON? {
      guard let number else {
        return wrong(
          "invalid_input_type", "Failed to convert an input value to a \(type) value",
          "\(name), \(value.text)")
      }
      if number < low {
        return wrong(
          "value_smaller_than_min", "Value \(value.text) smaller than min of \(low)", name)
      }
      return number > high
        ? wrong("value_bigger_than_max", "Value \(value.text) bigger than max of \(high)", name)
        : nil
    }
    switch type {
    case .link:
      return wrong(
        "bad_linked_input", "Bad linked input, must be a length-2 list of [node_id, slot_index]",
        name)
    case .int(let low, let high):
      let number = value.double ?? value.string.flatMap { Int64($0) }.map(Double.init)
      return range(number, Double(low), Double(high), "INT")
    case .float(let low, let high):
      return range(value.double ?? value.string.flatMap(Double.init), low, high, "FLOAT")
    case .text: return nil
    case .list(let words):
      guard !words.contains(value.string ?? "") else { return nil }
      return wrong(
        "value_not_in_list", "Value not in list", "\(name): '\(value.string ?? "")' not in \(words)"
      )
    case .upload:
      guard !isUpload(value.string ?? "") else { return nil }
      return wrong(
        "custom_validation_failed", "Custom validation failed for node",
        "\(name) - Invalid image file: \(value.string ?? "")")
    }
  }

  private static func error(
    _ type: String, _ message: String, _ details: String, _ input: String, _ value: JSON = .null
  ) -> JSON {
    [
      "type": .string(type), "message": .string(message), "details": .string(details),
      "extra_info": ["input_name": .string(input), "received_value": value],
    ]
  }
}
