import KinoraModel

/// A request that is ready for the wire: placeholders filled, address checked, body measured. Holds
/// secrets; never printed.
struct PreparedRequest: Sendable {
  var method: String
  var url: OutboundURL
  var fields: [(name: String, value: String)]
  var body: RequestBody
  /// Whole exchange, milliseconds.
  var timeout: Int64
  var answer: AnswerRules
  var network: NetworkRules
  var peer: PeerRule
  /// A download: slow but moving is fine, standing still is not.
  var isDownload = false
  /// A connection of its own, neither taken from nor left to others.
  var isAlone = false

  /// Milliseconds for name, connection and TLS.
  static let connectTimeout: Int64 = 15_000
  /// Seconds without a byte after which a download has failed.
  static let stallSeconds = 60

  /// True when a body goes with it, be it empty.
  var sendsBody: Bool { body.length > 0 || ["POST", "PUT", "PATCH"].contains(method) }
}

/// How the network is reached.
struct NetworkRules: Sendable, Hashable {
  /// A PEM file of authorities instead of the system's.
  var caFile: String?
  /// `http://host:port`.
  var proxy: String?
}

/// Checks of what a plugin wrote into a request.
enum RequestRules {
  /// Fields that say how the message is framed or where it goes; they belong to the host.
  static let reserved: Set<String> = [
    "host", "content-length", "transfer-encoding", "connection", "expect", "te", "trailer",
    "upgrade", "keep-alive", "proxy-authorization", "proxy-connection",
  ]
  /// Most bytes of all fields.
  static let mostFieldBytes = 64 * 1024

  static func checkMethod(_ method: String) throws(KinoraError) {
    guard (1...16).contains(method.utf8.count),
      method.utf8.allSatisfy({ (0x41...0x5a).contains($0) }), method != "CONNECT"
    else { throw KinoraError(.pluginFault, "the request's method is not a word of capitals") }
  }

  /// The value is not named in the message: it may hold a secret.
  static func check(_ fields: [(name: String, value: String)]) throws(KinoraError) {
    var total = 0
    for (name, value) in fields {
      guard !name.isEmpty, name.utf8.allSatisfy(isToken) else {
        throw KinoraError(.pluginFault, "a header name holds characters that names may not hold")
      }
      guard !reserved.contains(name.lowercased()) else {
        throw KinoraError(.pluginFault, "the header \(name) belongs to the host")
      }
      guard !value.utf8.contains(where: { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7f }) else {
        throw KinoraError(.pluginFault, "the header \(name) holds a line end or control character")
      }
      total += name.utf8.count + value.utf8.count + 4
    }
    guard total <= mostFieldBytes else {
      throw KinoraError(.pluginFault, "the headers are longer than \(mostFieldBytes) bytes")
    }
  }

  private static let marks = Set("!#$%&'*+-.^_`|~".utf8)
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: marks.contains(byte)
    }
  }
}
