import KinoraModel
import Synchronization

/// The credentials that the simulated Google hands out, and the access tokens it gives for them.
///
/// The key is made when somebody asks for it first and kept in the simulator's folder, so that a
/// file of credentials lives as long as the folder. Tokens carry their end and a hash, so that
/// they outlive a restart too.
final class GoogleAccounts: Sendable {
  static let email = "kinora@kinora-sim.iam.gserviceaccount.com"
  static let project = "kinora-sim"
  static let keyID = "0123456789abcdef0123456789abcdef01234567"
  static let scope = "https://www.googleapis.com/auth/cloud-platform"
  /// "Always this value", whatever the endpoint is (developers.google.com/identity/protocols/oauth2).
  static let audience = "https://oauth2.googleapis.com/token"
  static let clientID = "1234567890-sim.apps.googleusercontent.com"
  static let clientSecret = "GOCSPX-simulated-secret"
  static let refreshToken = "1//0simulated-refresh-token"
  /// Of a login whose consent did not cover the cloud platform.
  static let consumerRefreshToken = "1//0consumer-refresh-token"
  /// Seconds that a token lives when the address of the endpoint does not say `?life=N`.
  static let usualLife: Int64 = 3599

  private let path: String
  private let kept = Mutex<RSAKey?>(nil)

  init(folder: String) { path = folder + "/google-account.pem" }

  /// The service account's key; nil when it can be neither read nor made.
  var key: RSAKey? {
    kept.withLock { kept in
      if let kept { return kept }
      if let pem = Files.read(path), let old = RSAKey(pem: pem) {
        kept = old
      } else if let new = RSAKey() {
        Files.replace(path, new.pem)
        kept = new
      }
      return kept
    }
  }

  /// The files that a person would download. `endpoint` is the token endpoint's address.
  func files(endpoint: String) -> JSON? {
    guard let key else { return nil }
    let login: JSON = [
      "client_id": .string(Self.clientID), "client_secret": .string(Self.clientSecret),
      "refresh_token": .string(Self.refreshToken), "token_uri": .string(endpoint),
    ]
    return [
      "service_account": [
        "type": "service_account", "project_id": .string(Self.project),
        "private_key_id": .string(Self.keyID),
        "private_key": .string(String(decoding: key.pem, as: UTF8.self)),
        "client_email": .string(Self.email), "client_id": "100000000000000000001",
        "token_uri": .string(endpoint),
      ],
      "authorized_user": login.setting("type", "authorized_user"),
      // As command lines keep a login: `gemini-*.json`.
      "gemini": [
        "type": "gemini", "email": "sim@example.com", "project_id": .string(Self.project),
        "token": login,
      ],
      "consumer": [
        "type": "gemini", "email": "me@example.com", "project_id": .string(Self.project),
        "token": login.setting("refresh_token", .string(Self.consumerRefreshToken)),
      ],
    ]
  }

  /// A token that ends after so many seconds.
  func token(life: Int64, now: Milliseconds, isConsumers: Bool = false) -> String {
    let end = String(now + life * 1000)
    return "ya29.\(isConsumers ? "consumer" : "sim")-\(end)-\(seal(end))"
  }

  /// True for a token of ours that has not ended.
  func accepts(_ token: String, now: Milliseconds) -> Bool {
    let parts = token.split(separator: "-")
    guard parts.count == 3, parts[0] == "ya29.sim", let end = Int64(parts[1]) else { return false }
    return end > now && parts[2] == seal(String(parts[1]))
  }

  /// True for a token that may not do this, whoever made it.
  func lacksScope(_ token: String) -> Bool { token.hasPrefix("ya29.consumer-") }

  private func seal(_ end: String) -> String {
    SHA256.hash(Array(end.utf8) + (key?.pem ?? [])).hexadecimal
  }
}
