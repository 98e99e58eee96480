import CYAML
import KinoraModel

/// Where something stands in a configuration file.
public struct SourcePlace: Sendable, Equatable {
  /// The file as it was named.
  public var file: String
  /// From 1.
  public var line: Int
  /// From 1, in characters.
  public var column: Int
}

/// One thing that is wrong with a configuration.
public struct ConfigurationError: Error, Sendable, Equatable {
  /// Where.
  public var place: SourcePlace
  /// What, and what would be right.
  public var message: String

  /// `file:line:col: error: message`.
  public var text: String {
    "\(place.file):\(place.line):\(place.column): error: \(message)"
  }
}

/// A YAML value that remembers where it stands.
struct YAMLNode {
  indirect enum Value {
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([(key: String, place: SourcePlace, value: YAMLNode)])
  }
  var value: Value
  var place: SourcePlace

  /// What it is, for messages.
  var typeName: String {
    switch value {
    case .scalar: "a value"
    case .sequence: "a list"
    case .mapping: "a section"
    }
  }

  /// This node with another laid over it: sections are merged by key, everything else is replaced.
  func merged(with over: YAMLNode) -> YAMLNode {
    guard case .mapping(var mine) = value, case .mapping(let theirs) = over.value else {
      return over
    }
    for entry in theirs {
      if let at = mine.firstIndex(where: { $0.key == entry.key }) {
        mine[at] = (entry.key, entry.place, mine[at].value.merged(with: entry.value))
      } else {
        mine.append(entry)
      }
    }
    return YAMLNode(value: .mapping(mine), place: over.place)
  }
}

/// Reads one YAML document through libyaml.
enum YAMLReader {
  /// Levels that are followed; an alias that holds itself ends here.
  private static let deepest = 32
  /// Values that one file may hold once its aliases are followed: a few that hold each other grow by
  /// a power with every level.
  private static let mostNodes = 100_000

  static func read(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> YAMLNode {
    var parser = yaml_parser_t()
    var document = yaml_document_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      throw ConfigurationError(
        place: SourcePlace(file: file, line: 1, column: 1), message: "libyaml has no memory")
    }
    defer { yaml_parser_delete(&parser) }
    return try bytes.withUnsafeBufferPointer { buffer throws(ConfigurationError) -> YAMLNode in
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      guard yaml_parser_load(&parser, &document) == 1 else {
        let mark = parser.problem_mark
        let problem = parser.problem.map { String(cString: $0) } ?? "not YAML"
        // Bytes that are no text have an offset and no mark.
        let place =
          parser.error == YAML_READER_ERROR
          ? self.place(of: parser.problem_offset, in: bytes, file)
          : SourcePlace(file: file, line: mark.line + 1, column: mark.column + 1)
        throw ConfigurationError(place: place, message: problem)
      }
      defer { yaml_document_delete(&document) }
      guard let root = yaml_document_get_root_node(&document) else {
        return YAMLNode(
          value: .mapping([]), place: SourcePlace(file: file, line: 1, column: 1))
      }
      var left = mostNodes
      return try node(root, &document, file, depth: 0, &left)
    }
  }

  private static func place(of offset: Int, in bytes: [UInt8], _ file: String) -> SourcePlace {
    let before = bytes.prefix(offset)
    let line = before[((before.lastIndex(of: 0x0a) ?? -1) + 1)...]
    return SourcePlace(
      file: file, line: 1 + before.count { $0 == 0x0a },
      column: 1 + line.count { $0 & 0xc0 != 0x80 })
  }

  private static func node(
    _ raw: UnsafeMutablePointer<yaml_node_t>, _ document: inout yaml_document_t, _ file: String,
    depth: Int, _ left: inout Int
  ) throws(ConfigurationError) -> YAMLNode {
    let mark = raw.pointee.start_mark
    let place = SourcePlace(file: file, line: mark.line + 1, column: mark.column + 1)
    left -= 1
    guard depth < deepest, left >= 0 else {
      throw ConfigurationError(
        place: place, message: left < 0 ? "aliases make the file too large" : "nested too deep")
    }
    switch raw.pointee.type {
    case YAML_SCALAR_NODE:
      let scalar = raw.pointee.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return YAMLNode(
        value: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), place: place)
    case YAML_SEQUENCE_NODE:
      let items = raw.pointee.data.sequence.items
      var list: [YAMLNode] = []
      for i in 0..<(items.top - items.start) {
        guard let item = yaml_document_get_node(&document, items.start[i]) else { continue }
        list.append(try node(item, &document, file, depth: depth + 1, &left))
      }
      return YAMLNode(value: .sequence(list), place: place)
    case YAML_MAPPING_NODE:
      let pairs = raw.pointee.data.mapping.pairs
      var list: [(key: String, place: SourcePlace, value: YAMLNode)] = []
      for i in 0..<(pairs.top - pairs.start) {
        guard let rawKey = yaml_document_get_node(&document, pairs.start[i].key),
          let rawValue = yaml_document_get_node(&document, pairs.start[i].value)
        else { continue }
        let key = try node(rawKey, &document, file, depth: depth + 1, &left)
        guard case .scalar(let name, _) = key.value else {
          throw ConfigurationError(place: key.place, message: "a key must be a word")
        }
        guard !list.contains(where: { $0.key == name }) else {
          throw ConfigurationError(place: key.place, message: "\(name) stands twice")
        }
        list.append((name, key.place, try node(rawValue, &document, file, depth: depth + 1, &left)))
      }
      return YAMLNode(value: .mapping(list), place: place)
    default:
      throw ConfigurationError(place: place, message: "an empty node")
    }
  }
}
