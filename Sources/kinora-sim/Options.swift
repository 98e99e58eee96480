import KinoraModel

/// What the command line said.
struct Options: Sendable {
  /// IPv4 address to listen on, host byte order.
  var address: UInt32 = 0x7f00_0001
  /// TCP port; 0 lets the kernel choose.
  var port: UInt16 = 0
  /// The folder of logs, jobs and rendered media.
  var directory = ""
  /// Pretend renders pass this many times faster.
  var timeScale = 1.0
  /// Makes ids repeatable; nil: from the kernel.
  var seed: UInt64?
  /// Answers for retired Veo models as their provider does since they ended.
  var strictRetirement = false

  static let usage = """
    usage: kinora-sim --listen 127.0.0.1:PORT --dir DIR [--time-scale N] [--seed N]
                      [--strict-retirement]

    Simulates video providers under /openrouter, /google, /vertex, /sample and /still.
    Port 0 lets the kernel choose; the line "ready http://127.0.0.1:PORT" names it.
    GET /_sim/log, /_sim/jobs and /_sim/faults tell what happened and what can go wrong.

    """

  /// Reads the arguments after the program's name.
  static func parse(_ arguments: [String]) throws(KinoraError) -> Options {
    var options = Options()
    var listens = false
    var rest = arguments[...]
    while let name = rest.popFirst() {
      if name == "--strict-retirement" {
        options.strictRetirement = true
        continue
      }
      guard ["--listen", "--dir", "--time-scale", "--seed"].contains(name) else {
        throw KinoraError(.badField, "unknown option \(name)", field: name)
      }
      guard let value = rest.popFirst() else {
        throw KinoraError(.badField, "\(name) needs a value", field: name)
      }
      switch name {
      case "--listen":
        (options.address, options.port) = try endpoint(value)
        listens = true
      case "--dir": options.directory = value
      case "--time-scale":
        guard let scale = Double(value), scale > 0, scale <= 1e6 else {
          throw KinoraError(.badField, "--time-scale is a number above 0", field: name)
        }
        options.timeScale = scale
      default:
        guard let seed = UInt64(value) else {
          throw KinoraError(.badField, "--seed is a whole number", field: name)
        }
        options.seed = seed
      }
    }
    guard listens, !options.directory.isEmpty else {
      throw KinoraError(.badField, "--listen and --dir are needed")
    }
    return options
  }

  private static func endpoint(_ text: String) throws(KinoraError) -> (UInt32, UInt16) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let octets = (parts.first ?? "").split(separator: ".").compactMap { UInt8($0) }
    guard parts.count == 2, octets.count == 4, octets[0] == 127, let port = UInt16(parts[1]) else {
      throw KinoraError(
        .badField, "--listen takes a loopback address and a port", field: "--listen",
        allowed: ["127.0.0.1:PORT", "127.0.0.1:0"])
    }
    return (octets.reduce(0) { $0 << 8 | UInt32($1) }, port)
  }
}
