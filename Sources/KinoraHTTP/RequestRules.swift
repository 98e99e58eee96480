/// The rules of HTTP/1.1 that stand between a parsed head and the service, as one pure function.
enum RequestRules {
  /// The target when the request may go on, else the refusal, after which the connection closes.
  /// `knownHost` is a Host value that has passed these rules before.
  static func check(
    _ head: RequestHead, _ rules: HTTPListenerRules, knownHost: String?
  ) throws(HTTPProblem) -> RequestTarget {
    // A request line without a version is HTTP/0.9's, or nobody's.
    if head.major == 0 { throw HTTPProblem(400, "the request line has no HTTP version") }
    guard head.major == 1 else {
      throw HTTPProblem(505, "HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    // METHOD, one blank, target, one blank, HTTP/1.1, line end.
    guard head.lineBytes == head.method.utf8.count + head.targetBytes + 12 else {
      throw HTTPProblem(400, "malformed request line")
    }
    try checkFraming(head)
    if head.method == "CONNECT" { throw HTTPProblem(405, "CONNECT does not fit anything here") }
    guard let target = head.target, head.method == "OPTIONS" || target.path != "*"
    else { throw HTTPProblem(400, "malformed request target") }
    try checkHost(head, target, rules, knownHost)
    if let problem = rules.originProblem(method: head.method, fields: head.marked) {
      throw problem
    }
    if head.minor >= 1, let expect = head.marked.expect, !expect.equalsIgnoringCase("100-continue")
    {
      throw HTTPProblem(417, "only 100-continue can be expected")
    }
    // Two of them are read differently by different parties (RFC 9110 §5.3: a field of one member).
    if head.marked.contentTypes > 1 { throw HTTPProblem(400, "one Content-Type field is allowed") }
    if let coding = head.marked.contentEncoding, !coding.isEmpty,
      !coding.equalsIgnoringCase("identity")
    {
      throw HTTPProblem(415, "encoded request bodies are not accepted")
    }
    return target
  }

  /// Transfer-Encoding is `chunked`, once, on HTTP/1.1; anything else has been read differently by
  /// two parties before (RFC 9112 §6.1, §11.2).
  private static func checkFraming(_ head: RequestHead) throws(HTTPProblem) {
    guard head.marked.transferEncodings > 0 else { return }
    guard head.marked.transferEncodings == 1,
      head.marked.transferEncoding.equalsIgnoringCase("chunked"), head.minor >= 1,
      head.fields["content-length"] == nil
    else { throw HTTPProblem(400, "unacceptable Transfer-Encoding") }
  }

  /// One Host field (none is possible on HTTP/1.0) that the listener answers to; the authority of
  /// an absolute target must pass as well (RFC 9112 §3.2).
  private static func checkHost(
    _ head: RequestHead, _ target: RequestTarget, _ rules: HTTPListenerRules, _ knownHost: String?
  ) throws(HTTPProblem) {
    guard head.marked.hosts == 1 || (head.marked.hosts == 0 && head.minor == 0) else {
      throw HTTPProblem(400, "one Host field is required")
    }
    if head.marked.host != knownHost { try check(head.marked.host, rules) }
    if let authority = target.authority { try check(authority, rules) }
  }

  private static func check(_ text: String, _ rules: HTTPListenerRules) throws(HTTPProblem) {
    guard let host = HostAndPort(text) else { throw HTTPProblem(400, "malformed host") }
    if host.host.isEmpty, !rules.allows(host: "") {
      throw HTTPProblem(400, "the Host field is empty")
    }
    if !rules.allows(host: host.host) {
      throw HTTPProblem(421, "this server does not answer for that host")
    }
  }
}
