/// One figure, in all its parts, as Prometheus reads it.
public struct MetricFamily: Sendable {
  /// How a figure behaves.
  public enum Kind: String, Sendable {
    /// Only grows; its name ends in `_total`.
    case counter
    /// Goes up and down.
    case gauge
  }
  /// One value.
  public struct Sample: Sendable {
    /// Names and values that tell it from its siblings.
    public var labels: [(name: String, value: String)]
    /// The value, in base units.
    public var value: Double

    /// A value with labels.
    public init(_ value: Double, _ labels: [(name: String, value: String)] = []) {
      self.labels = labels
      self.value = value
    }
  }
  /// `kinora_…` or `process_…`, with its base unit.
  public var name: String
  /// One sentence.
  public var help: String
  /// How it behaves.
  public var kind: Kind
  /// Its values.
  public var samples: [Sample]

  /// A figure.
  public init(_ name: String, _ help: String, _ kind: Kind, _ samples: [Sample]) {
    self.name = name
    self.help = help
    self.kind = kind
    self.samples = samples
  }

  /// A figure with one value.
  public init(_ name: String, _ help: String, _ kind: Kind, _ value: Double) {
    self.init(name, help, kind, [Sample(value)])
  }

  /// The text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
  func write(to out: inout String) {
    out += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    for sample in samples {
      out += name
      if !sample.labels.isEmpty {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
        out += "{\(labels.joined(separator: ","))}"
      }
      let whole = Int64(exactly: sample.value).map { String($0) }
      out += " \(whole ?? "\(sample.value)")\n"
    }
  }

  private static func escaped(_ text: String) -> String {
    var out = ""
    for character in text {
      switch character {
      case "\\": out += "\\\\"
      case "\"": out += "\\\""
      case "\n": out += "\\n"
      default: out.append(character)
      }
    }
    return out
  }
}
