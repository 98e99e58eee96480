import FoundationEssentials
import KinoraHTTP
import KinoraModel

/// Who may ask: an API key, or for the older interface a token signed with a secret key.
///
/// The token is checked as Kling says it does: HS256, `iss` the access key, `exp` and `nbf`. The secret
/// of the access key `ak-NAME` is `sk-NAME` here, so the signature is checked as well.
enum KlingToken {
  static func check(_ call: Call, isTasks: Bool, now: Int64) -> HTTPResponse? {
    guard call.fields["authorization"] != nil else {
      return KlingError.problem(401, 1001, "Authorization is empty")
    }
    guard let token = call.bearer, !Call.isBad(token) else { return invalid }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3 else { return nil }
    // The newer interface takes API keys only.
    guard !isTasks, let head = json(parts[0]), let claims = json(parts[1]),
      head["alg"]?.string == "HS256", let issuer = claims["iss"]?.string, !Call.isBad(issuer),
      let expires = claims["exp"]?.integer, let begins = claims["nbf"]?.integer
    else { return invalid }
    guard issuer.hasPrefix("ak-"), let signature = base64(parts[2]),
      hmac(
        key: Array("sk-\(issuer.dropFirst(3))".utf8), Array("\(parts[0]).\(parts[1])".utf8))
        == signature
    else { return invalid }
    guard begins <= now else {
      return KlingError.problem(401, 1003, "Authorization is not yet valid")
    }
    guard expires > now else { return KlingError.problem(401, 1004, "Authorization has expired") }
    return nil
  }

  private static let invalid = KlingError.problem(401, 1002, "Authorization is invalid")

  private static func json(_ text: String) -> JSON? {
    base64(text).flatMap { try? JSON.parse($0) }
  }

  /// RFC 4648 §5, without padding.
  private static func base64(_ text: String) -> [UInt8]? {
    let plain = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    return Base64.decode(plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
  }

  /// RFC 2104.
  private static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var block = key.count > 64 ? SHA256.hash(key) : key
    block += [UInt8](repeating: 0, count: 64 - block.count)
    let inner = SHA256.hash(block.map { $0 ^ 0x36 } + message)
    return SHA256.hash(block.map { $0 ^ 0x5c } + inner)
  }
}
