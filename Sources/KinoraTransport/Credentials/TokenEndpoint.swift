import KinoraModel

/// Asks an OAuth token endpoint for an access token (RFC 6749 §3.2): a form goes there, JSON comes back.
struct TokenEndpoint {
  /// Milliseconds that it has to answer.
  static let timeout: Int64 = 30_000

  /// What it gave.
  struct Answer {
    var token: Secret
    /// A refresh token in the place of the one that was sent.
    var refresh: String?
    /// When the access token ends, and until when it is used.
    var ends: Milliseconds
    var until: Milliseconds
  }
  enum Outcome {
    case given(Answer)
    /// The grant is good for nothing any more: somebody must log in again.
    case ended(KinoraError)
    case failed(KinoraError)
  }
  let clock: any Clock
  let network: NetworkRules
  let wire: any Wire

  /// - Parameters:
  ///   - material: fills the placeholders of the fields and says where the endpoint is
  ///   - margin: seconds before its end from which the token is not used
  ///   - source: where the refresh token came from, for people
  func ask(
    _ material: SignRule.Material, _ fields: [(String, String)], margin: Int64, source: String?
  ) async -> Outcome {
    do throws(KinoraError) {
      let request = try request(material, fields)
      let response = try await wire.run(request).outcome.get()
      let json = try? JSON.parse(response.body)
      guard response.status == 200, let json, let token = json["access_token"]?.string,
        !token.isEmpty
      else {
        let code = json?["error"]?.string ?? ""
        let error = Self.refusal(request.url, response.status, code, source)
        return code == "invalid_grant" ? .ended(error) : .failed(error)
      }
      let life = max(0, json["expires_in"]?.integer ?? 300)
      let now = clock.now()
      let refresh = json["refresh_token"]?.string ?? ""
      return .given(
        Answer(
          token: Secret(token), refresh: refresh.isEmpty ? nil : refresh, ends: now + life * 1000,
          until: now + (life - min(margin, life / 2)) * 1000))
    } catch {
      return .failed(error)
    }
  }

  private func request(
    _ material: SignRule.Material, _ fields: [(String, String)]
  ) throws(KinoraError) -> PreparedRequest {
    var pairs: [String] = []
    for (name, text) in fields {
      let value = try material.fill(text)
      pairs.append(
        try PercentCoding.encode(name.utf8, .queryValue) + "="
          + PercentCoding.encode(value.utf8, .queryValue))
    }
    let url = try OutboundURL(material.endpoint ?? "")
    return PreparedRequest(
      method: "POST", url: url,
      fields: [
        ("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"),
      ],
      body: try RequestBody([.bytes(Array(pairs.joined(separator: "&").utf8))]),
      timeout: Self.timeout,
      answer: AnswerRules(maxBody: 64 * 1024, maxFile: 0, spoolPath: { "" }, nonce: ""),
      network: network,
      peer: network.proxy != nil ? .any : url.host.isLoopback ? .loopbackOnly : .publicOnly)
  }

  /// The endpoint's own words may hold what was sent, so only its status is told, and its code where
  /// that is one of the standard's.
  private static func refusal(
    _ url: OutboundURL, _ status: Int, _ code: String, _ source: String?
  ) -> KinoraError {
    let isBusy = status >= 500 || [408, 429].contains(status)
    var message = "\(url.origin) answered \(status)"
    if codes.contains(code) { message += " (\(code))" }
    message += " and gave no access token"
    if code == "invalid_grant" {
      message += "; the login has ended: log in again" + (source.map { " (\($0))" } ?? "")
    }
    return KinoraError(isBusy ? .providerUnavailable : .providerUnauthenticated, message)
  }

  /// RFC 6749 §5.2.
  private static let codes: Set<String> = [
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
    "unsupported_grant_type", "invalid_scope",
  ]
}
