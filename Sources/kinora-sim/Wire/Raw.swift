import KinoraHTTP

extension HTTPResponse {
  /// The connection ends without a byte.
  static func silence(reset: Bool) -> HTTPResponse {
    HTTPResponse(status: 200, body: .wire(HTTPWire(resets: reset) { _ in }))
  }

  /// Bytes as they stand, heads included, with a pause after each piece; then the connection ends.
  static func raw(_ pieces: [[UInt8]], pause: Duration) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      body: .wire(
        HTTPWire(resets: false) { stream in
          do {
            for piece in pieces {
              try await stream.write(piece)
              if pause > .zero { try await Task.sleep(for: pause) }
            }
            if pieces.isEmpty { try await Task.sleep(for: pause) }
          } catch {
            // The client left, or the server ends: there is nobody to write to.
          }
        }))
  }
}
