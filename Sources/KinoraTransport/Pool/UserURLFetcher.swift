import Glibc
public import KinoraModel

/// Fetches media from addresses that users name.
///
/// Such an address may be made to reach what only this host can reach, so: https and port 443 only, no
/// proxy from the environment, every address that is dialled must be public (checked when the socket
/// is made, whatever the name resolves to, and once more before the request goes out), every redirect
/// is checked anew, no credential, no shared connection.
public final class UserURLFetcher: InputFetcher {
  /// Redirects that are followed.
  public static let mostRedirects = 3
  /// Milliseconds for each hop.
  public static let timeout: Int64 = 20_000

  private let libcurl: LibcurlMulti
  private let allowsLoopback: Bool

  /// - Parameter allowsLoopback: http, any port and loopback addresses are allowed as well; for tests
  public init(allowsLoopback: Bool = false) throws(KinoraError) {
    libcurl = try LibcurlMulti()
    self.allowsLoopback = allowsLoopback
  }

  deinit { libcurl.stop() }

  public func fetch(url: String, to path: String, limit: Int64) async throws(KinoraError) {
    var next = try OutboundURL(url)
    for _ in 0...Self.mostRedirects {
      try check(next)
      let result = await libcurl.run(request(next, path, limit))
      guard let location = TransportPool.redirect(result) else {
        do throws(KinoraError) {
          return try finish(result, next, limit)
        } catch {
          unlink(path)
          throw error
        }
      }
      next = try next.resolving(location)
    }
    throw KinoraError(.urlRefused, "more than \(Self.mostRedirects) redirects")
  }

  private func check(_ url: OutboundURL) throws(KinoraError) {
    if case .address(let address) = url.host, let why = rule.refusal(address) {
      throw KinoraError(.urlRefused, "\(url.origin): \(why)")
    }
    if allowsLoopback, url.host.isLoopback { return }
    guard url.scheme == "https" else {
      throw KinoraError(.urlRefused, "\(url.origin): only https is fetched", allowed: ["https"])
    }
    guard url.port == 443 else {
      throw KinoraError(.urlRefused, "\(url.origin): only port 443 is allowed", allowed: ["443"])
    }
  }

  private var rule: PeerRule { allowsLoopback ? .publicOrLoopback : .publicOnly }

  private func request(_ url: OutboundURL, _ path: String, _ limit: Int64) -> PreparedRequest {
    let answer = AnswerRules(
      maxBody: AnswerReader.errorBytes, maxFile: limit, destination: path, spoolPath: { path },
      nonce: "")
    return PreparedRequest(
      method: "GET", url: url, fields: [("Accept", "image/*, video/*, audio/*, */*;q=0.1")],
      body: .none, timeout: Self.timeout, answer: answer, network: NetworkRules(), peer: rule,
      isDownload: true, isAlone: true)
  }

  private func finish(
    _ result: WireResult, _ url: OutboundURL, _ limit: Int64
  ) throws(KinoraError) {
    switch result.outcome {
    case .failure(let error):
      guard error.code == .tooLarge else { throw error }
      throw KinoraError(.tooLarge, "\(url.origin): the file is longer than \(limit) bytes")
    case .success(let response):
      guard (200...299).contains(response.status) else {
        throw KinoraError(.providerUnavailable, "\(url.origin) answered \(response.status)")
      }
      guard !result.isHTML else {
        throw KinoraError(.badMedia, "\(url.origin) answered with a web page")
      }
      guard !response.spools.isEmpty, result.receivedBytes ?? 0 > 0 else {
        throw KinoraError(.badMedia, "\(url.origin) answered with nothing")
      }
    }
  }
}
