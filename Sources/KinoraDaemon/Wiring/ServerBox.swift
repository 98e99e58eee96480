import KinoraHTTP
import Synchronization

/// The server, for parts that are made before it.
final class ServerBox: Sendable {
  private let box = Mutex<HTTPServer?>(nil)

  /// Puts the server in, once.
  func set(_ server: HTTPServer) { box.withLock { $0 = server } }

  /// The server, nil before it was made.
  var server: HTTPServer? { box.withLock { $0 } }

  /// Whether a connection still stands.
  func isOpen(_ connection: UInt64) -> Bool {
    server?.isOpen(connection: connection) ?? false
  }
}
