import CSys
import Glibc
import KinoraHTTP
import KinoraLoop
import KinoraModel

/// The program: reads its arguments, listens, answers until SIGTERM or SIGINT.
enum Simulator {
  /// Seconds an answer may take to be read at the end.
  private static let lastSeconds = 2.0

  /// The whole program, on the thread that the process began with.
  static func main(_ arguments: [String], search: String) -> Never {
    let signals = Signals()
    Task.detached { exit(await run(arguments, signals: signals, search: search)) }
    signals.read()
  }

  /// Wanted descriptors: thousands of clients at once, and their files.
  private static let descriptors: UInt64 = 20_000

  /// Runs; the result is the exit code.
  private static func run(_ arguments: [String], signals: Signals, search: String) async -> Int32 {
    if arguments.contains("--help") || arguments.contains("-h") {
      _ = Files.write(1, Array(Options.usage.utf8))
      return 0
    }
    do {
      let options = try Options.parse(arguments)
      try await serve(options, signals, search)
      return 0
    } catch let error as KinoraError {
      Trouble.say(error.message)
      return 64
    } catch let error as Trouble {
      Trouble.say(error.description)
      return 73
    } catch {
      Trouble.say("\(error)")
      return 71
    }
  }

  private static func serve(
    _ options: Options, _ signals: Signals, _ search: String
  ) async throws {
    var allowed: UInt64 = 0
    _ = kn_raise_nofile(descriptors, &allowed)
    let loop = try EventLoop(name: "sim")
    try loop.start()
    let world = try World(options: options, loop: loop, search: search)
    let server = HTTPServer(loop: loop, service: Service(world: world))
    let descriptor = kn_listen_tcp(options.address, options.port, 1024)
    guard descriptor >= 0 else { throw Trouble("cannot listen on port \(options.port)", errno) }
    server.addListener(descriptor: descriptor, name: "tcp", rules: .open)
    try await server.start()
    let address = (0..<4).map { "\(options.address >> (24 - 8 * UInt32($0)) & 255)" }
      .joined(separator: ".")
    // write(2), not print: a reader behind a pipe waits for this line.
    _ = Files.write(1, Array("ready http://\(address):\(kn_local_port(descriptor))\n".utf8))
    await signals.first()
    await server.drain(deadlineSeconds: lastSeconds)
  }
}
