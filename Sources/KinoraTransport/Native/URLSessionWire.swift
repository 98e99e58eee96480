import KinoraModel

struct URLSessionWire: Wire {
  init(scratch: String) {}
  func run(_ request: PreparedRequest) async -> WireResult {
    .notSent(KinoraError(.unavailable, ""))
  }
  func stop() {}
}
