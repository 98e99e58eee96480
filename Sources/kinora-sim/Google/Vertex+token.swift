import KinoraHTTP
import KinoraModel

/// The token endpoint, as oauth2.googleapis.com/token answers (RFC 6749, RFC 7523; checked against
/// PyPI `google-auth` 2.x, which asks it unchanged).
extension Vertex {
  /// `POST /token`; `?life=N` makes tokens that end after N seconds.
  func token(_ call: Call) -> Route {
    Route(phase: .other) { _ in
      let form = Self.form(call.body)
      let life = call.query["life"].flatMap { Int64($0) } ?? GoogleAccounts.usualLife
      switch form["grant_type"] {
      case "urn:ietf:params:oauth:grant-type:jwt-bearer":
        if let refusal = complaint(about: form["assertion"] ?? "") { return refusal }
      case "refresh_token":
        guard form["client_id"] == GoogleAccounts.clientID,
          form["client_secret"] == GoogleAccounts.clientSecret
        else { return Self.refusal(401, "invalid_client", "The OAuth client was not found.") }
        guard
          [GoogleAccounts.refreshToken, GoogleAccounts.consumerRefreshToken].contains(
            form["refresh_token"])
        else {
          return Self.refusal(400, "invalid_grant", "Token has been expired or revoked.")
        }
      default: return Self.refusal(400, "unsupported_grant_type", "Invalid grant_type")
      }
      return .json(
        200,
        [
          "access_token": .string(
            world.accounts.token(
              life: life, now: now(),
              isConsumers: form["refresh_token"] == GoogleAccounts.consumerRefreshToken)),
          "expires_in": JSON(life), "scope": .string(GoogleAccounts.scope), "token_type": "Bearer",
        ])
    }
  }

  /// What is wrong with an assertion, or nil.
  private func complaint(about assertion: String) -> HTTPResponse? {
    func wrong(_ words: String) -> HTTPResponse { Self.refusal(400, "invalid_grant", words) }
    let parts = assertion.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, let head = Self.json(parts[0]), let claims = Self.json(parts[1]),
      let signature = Self.decode(parts[2])
    else { return Self.refusal(400, "invalid_request", "Bad Request") }
    guard head["alg"]?.string == "RS256", head["kid"]?.string == GoogleAccounts.keyID,
      world.accounts.key?.verifies(signature, of: Array("\(parts[0]).\(parts[1])".utf8)) == true
    else { return wrong("Invalid JWT Signature.") }
    guard claims["iss"]?.string == GoogleAccounts.email else {
      return wrong("Invalid grant: account not found")
    }
    guard claims["aud"]?.string == GoogleAccounts.audience else {
      return wrong("Invalid JWT: Failed audience check.")
    }
    guard claims["scope"]?.string?.contains(GoogleAccounts.scope) == true else {
      return Self.refusal(
        400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    }
    let time = now() / 1000
    guard let begin = claims["iat"]?.integer, let end = claims["exp"]?.integer, end > time,
      begin <= time + 10, end - begin <= 3600
    else {
      return wrong(
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
      )
    }
    return nil
  }

  private static func refusal(_ status: Int, _ code: String, _ words: String) -> HTTPResponse {
    .json(status, ["error": .string(code), "error_description": .string(words)])
  }

  private static func form(_ body: [UInt8]) -> [String: String] {
    var form: [String: String] = [:]
    for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1).map { part in
        Call.decode(Substring(part.map { $0 == "+" ? " " : $0 }))
      }
      if parts.count == 2 { form[parts[0]] = parts[1] }
    }
    return form
  }

  private static func json(_ text: String) -> JSON? {
    decode(text).flatMap { try? JSON.parse($0) }
  }

  /// RFC 4648 §5 without padding.
  private static func decode(_ text: String) -> [UInt8]? {
    var plain = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    while plain.utf8.count % 4 != 0 { plain += "=" }
    return Base64.decode(plain)
  }
}
