import CCurl
import KinoraModel

extension SandboxFolder {
  /// The key file of the simulated Google's service account. Fetched at every start: it names the
  /// simulator's port.
  func serviceAccount(_ simulator: String) throws(Failure) -> String {
    let transfer = try Transfer(.get("\(simulator)/_sim/credentials"), socket: nil)
    let code = try Client(socket: socket).run(transfer)
    guard code == CURLE_OK, let json = try? JSON.parse(transfer.received),
      let account = json["service_account"]
    else {
      throw Failure(exit: .jobFailed, what: "the simulator gives no credentials for Vertex AI")
    }
    let file = "\(keys)/service-account.json"
    try Files.replace(file, account.text + "\n")
    return file
  }
}
