public import KinoraCore
public import KinoraHTTP
public import KinoraModel

/// The front door: takes requests from the HTTP server, asks the job core, words the answers.
///
/// The daemon makes one, after the store is recovered:
/// `APIService(service:admin:artifacts:inputs:clock:entropy:ownUID:keys:)`, gives it to `HTTPServer`
/// as its service, and gives `JobRenderer.render` to the `JobDirectory` of the engine's parts.
public final class APIService: HTTPService {
  let service: JobService
  let admin: any AdminPort
  let artifacts: any ArtifactStore
  let fetcher: any InputFetcher
  let clock: any Clock
  let entropy: any Entropy
  let identity: Identity
  let requestIDs: RequestIDs
  let counter = RequestCounter()
  /// Waiting that a message on another connection can end.
  let calls = CallsUnderWay()

  /// - Parameters:
  ///   - service: the job core
  ///   - admin: what the daemon itself answers for
  ///   - artifacts: where media of requests is stored
  ///   - inputs: how media of https addresses is fetched
  ///   - ownUID: the daemon's uid, an administrator beside uid 0
  ///   - keys: whose a TCP client's API key is; nil for an unknown key. Called on
  ///     the loop's thread, in constant time for near and far misses.
  public init(
    service: JobService, admin: any AdminPort, artifacts: any ArtifactStore,
    inputs fetcher: any InputFetcher, clock: any Clock, entropy: any Entropy, ownUID: UInt32,
    keys: @escaping @Sendable (String) -> KeyHolder?
  ) {
    self.service = service
    self.admin = admin
    self.artifacts = artifacts
    self.fetcher = fetcher
    self.clock = clock
    self.entropy = entropy
    identity = Identity(ownUID: ownUID, keys: keys, clients: { service.clients })
    requestIDs = RequestIDs(entropy: entropy)
  }

  public func plan(_ request: HTTPRequest) -> HTTPBodyPlan {
    switch admit(request) {
    case .refused(let response): return .refuse(response)
    case .admitted(let call, let endpoint):
      if ["POST", "PUT"].contains(request.method), admin.isDraining {
        return .refuse(
          refusal(KinoraError(.draining, "kinorad is stopping", retryAfter: 2), call))
      }
      do throws(KinoraError) {
        return try bodyPlan(endpoint.body, call)
      } catch {
        return .refuse(refusal(error, call))
      }
    }
  }

  public func respond(_ request: HTTPRequest) -> HTTPReply {
    if let answer = cachedJob(request) { return .now(answer) }
    switch admit(request) {
    case .refused(let response): return .now(response)
    case .admitted(let call, let endpoint): return endpoint.answer(self, call)
    }
  }

  public func refusal(status: Int, reason: String) -> HTTPResponse {
    let id = requestIDs.next()
    let error = KinoraError(ErrorTable.code(status: status), reason)
    var response = Answer.problem(error, requestID: id, place: .body)
    response.status = status
    counter.answered(route: -1, method: "", status: status)
    return finished(response, id)
  }

  public func ended(connection: UInt64) {}

  // MARK: Who and what

  private enum Admission {
    case refused(HTTPResponse)
    case admitted(Call, Route.Endpoint)
  }

  private func admit(_ request: HTTPRequest) -> Admission {
    var call = Call(
      request: request, viewer: Self.nobody, values: [], requestID: requestIDs.next(), route: -1)
    let match: Router.Match
    do throws(Router.Failure) {
      match = try Router.match(request)
    } catch {
      switch error {
      case .noSuchPath(let error): return .refused(refusal(error, call))
      case .noSuchMethod(_, let allow) where request.method == "OPTIONS":
        // What there is, to anybody (RFC 9110 §9.3.7); a page of another origin learns no more.
        counter.answered(route: -1, method: request.method, status: 204)
        let response = HTTPResponse(status: 204, fields: ["Allow": allow])
        return .refused(finished(response, call.requestID))
      case .noSuchMethod(let error, let allow):
        var response = refusal(error, call)
        response.fields.append("Allow", allow)
        return .refused(response)
      }
    }
    call.route = match.number
    call.dialect = match.route.dialect
    call.values = match.values
    if match.endpoint.access == .open { return .admitted(call, match.endpoint) }
    do throws(KinoraError) {
      call.viewer = try identity.viewer(request)
      if match.endpoint.access == .admin, !call.viewer.isAdmin {
        throw KinoraError(
          .forbidden, "this is for root, the daemon's own user and clients with the scope admin")
      }
      if match.endpoint.access == .known {
        try call.viewer.need(match.endpoint.method == "GET" ? .read : .submit)
      }
      return .admitted(call, match.endpoint)
    } catch {
      return .refused(refusal(error, call))
    }
  }

  /// Owns nothing and sees nothing: no client's name is empty.
  private static let nobody = Viewer(principal: "", client: "", isAdmin: false)

  // MARK: Answers

  /// Answers by a task that works on the global pool: only sockets belong on the loop's thread.
  func later(
    _ call: Call, _ work: @escaping @Sendable () async throws(KinoraError) -> HTTPResponse
  ) -> HTTPReply {
    .later { [self] in await answer(call, work) }
  }

  /// As `later`, for what makes jobs: the answer tells the client's limits, also when it is a refusal.
  func submitting(
    _ call: Call, _ work: @escaping @Sendable () async throws(KinoraError) -> HTTPResponse
  ) -> HTTPReply {
    .later { [self] in
      var response = await answer(call, work)
      RateLimit(await service.room(call.viewer.client)).write(to: &response.fields)
      return response
    }
  }

  private func answer(
    _ call: Call, _ work: @escaping @Sendable () async throws(KinoraError) -> HTTPResponse
  ) async -> HTTPResponse {
    await withTaskExecutorPreference(globalConcurrentExecutor) {
      do throws(KinoraError) {
        return finished(try await work(), call)
      } catch {
        return refusal(error, call)
      }
    }
  }

  /// Answers at once.
  func now(_ call: Call, _ work: () throws(KinoraError) -> HTTPResponse) -> HTTPReply {
    do throws(KinoraError) {
      return .now(finished(try work(), call))
    } catch {
      return .now(refusal(error, call))
    }
  }

  /// An error as a client may hear it. What nobody expected is in the log, under the request's id:
  /// its words are about this program and may name paths.
  func told(_ error: KinoraError, _ call: Call) -> KinoraError {
    guard [.internalError, .storeFailed].contains(error.code) else { return error }
    admin.report(error, requestID: call.requestID)
    let what = error.code == .storeFailed ? "the store failed" : "something unexpected went wrong"
    return KinoraError(
      error.code, "\(what); the log of kinorad says more under \(call.requestID)",
      field: error.field, retryAfter: error.retryAfter)
  }

  /// The answer for an error.
  func refusal(_ error: KinoraError, _ call: Call) -> HTTPResponse {
    let error = told(error, call)
    if let dialect = call.dialect {
      var response = dialect.problem(error, call.requestID)
      // A job may be on disk: who repeats this without a key may pay twice.
      if call.request.method == "POST", response.status >= 500, !Self.provesNothingMade(error.code)
      {
        Answer.forbidRepeat(&response)
      }
      return finished(response, call)
    }
    let sendsBody = ["POST", "PUT", "PATCH"].contains(call.request.method)
    return finished(
      Answer.problem(error, requestID: call.requestID, place: sendsBody ? .body : .query), call)
  }

  /// Counts an answer and gives it the fields that every one has.
  func finished(_ response: HTTPResponse, _ call: Call) -> HTTPResponse {
    counter.answered(route: call.route, method: call.request.method, status: response.status)
    return finished(response, call.requestID)
  }

  private func finished(_ response: HTTPResponse, _ requestID: String) -> HTTPResponse {
    var response = response
    response.fields.append("x-request-id", requestID)
    if response.fields["Cache-Control"] == nil {
      response.fields.append("Cache-Control", "no-store")
    }
    return response
  }
}
