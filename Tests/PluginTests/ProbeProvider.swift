import CKinoraPlugin
import KinoraPlugin

/// A provider that does what its prompt says, for tests of the bridge.
struct Probe: Provider {
  static let manifest = Manifest(
    id: "net.example.probe", name: "Probe", version: "1.0.0",
    catalog: #"{"base_url":"https://h","models":[{"id":"m","kinds":["image"]}]}"#)
  static let stateVersion = 3

  enum State: Codable {
    case begun(b: Int, a: String)
  }

  static func upgraded(_ state: JSON, from version: Int) throws(Failure) -> State {
    guard version == 2 else { throw Failure(.protocol, "version \(version)") }
    return .begun(b: 2, a: state["old"].string ?? "")
  }

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    let state = State.begun(b: 1, a: "\(context.attempt).\(context.ordinal).\(context.now)")
    switch job.prompt {
    case "everything":
      return .send(
        .post(
          "https://h/x", .paid, headers: ["authorization": bearer("api_key")],
          json: ["n": .integer(Int64(context.ordinal))]
        ).liftingStrings().streamedToFile().timeout(9), state)
    case "bad address": return .send(.get("https://h/\(job.prompt)"), state)
    case "bad field": return .send(.get("https://h/", headers: ["x": "a\r\nb"]), state)
    case "large state": return .wait(1, .begun(b: 1, a: String(repeating: "x", count: 65_536)))
    case "bad handle": return .wait(1, state).handle("a\nb")
    case "no base": return .send(.get("/videos"), state)
    case "unsupported": throw .unsupported
    case "fail": throw Failure(.exhausted, "spent", isRetryable: true, retryAfter: 5)
    default:
      return .wait(7, state).handle("h1").progress(permille: 1500, note: "warming up")
    }
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    let asset = Asset.url("https://h/f", headers: ["Authorization": bearer("api_key")])
    return .succeed(
      Output(
        asset, .spool("out0", isBase64: false, mime: "video/mp4"), costMicroUSD: 5, handle: "r")
    )
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    .wait(8, state)
  }
}

private let table = PluginTable(Probe.manifest) { Probe.step($0, $1) }

/// The probe's entry, as a plugin exports it.
func probeEntry(_ host: UnsafePointer<kn_host>?) -> UnsafePointer<kn_plugin>? { table.answer(host) }
