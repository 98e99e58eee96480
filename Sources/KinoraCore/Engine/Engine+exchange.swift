import KinoraModel

/// What runs beside the pumps: exchanges with providers and the storing of assets.
extension Engine {
  func send(_ id: JobID, _ request: ProviderRequest, isPaid: Bool) {
    guard let slot = slots[id] else { return }
    let record = slot.job.record
    let ready: ProviderRequest
    do {
      ready = try prepared(request, record, isPaid: isPaid)
    } catch {
      let exchange = Exchange(outcome: .failed(sent: .no, error), transport: .libcurl, reason: "")
      deliver(id, .answered(exchange, isPaid: isPaid))
      return
    }
    let turn = begin(id)
    let permit = isPaid ? Permit { await self.askPermit(id, turn: turn) } : nil
    if isPaid { paidUnderWay += 1 } else { parts.crash.pass("poll.before") }
    slots[id]?.exchange = Task { [transport = parts.transport, crash = parts.crash] in
      let exchange = await transport.send(ready, provider: record.provider, permit: permit)
      crash.pass(isPaid ? "submit.answered" : "poll.answered")
      self.answered(id, turn, exchange, isPaid: isPaid)
    }
  }

  /// The request with the files of its inputs and the time that the catalog allows.
  private func prepared(_ request: ProviderRequest, _ record: JobRecord, isPaid: Bool)
    throws(KinoraError) -> ProviderRequest
  {
    var ready = request
    ready.parts = []
    for part in request.parts {
      guard case .input(let ref, let base64) = part else {
        ready.parts.append(part)
        continue
      }
      guard let input = record.request.inputs.first(where: { $0.ref == ref }),
        let sha256 = input.sha256
      else { throw KinoraError(.pluginFault, "the plugin names an input \(ref) that is not there") }
      guard let path = parts.artifacts.path(sha256: sha256) else {
        throw KinoraError(.artifactExpired, "the stored input \(ref) is gone")
      }
      ready.parts.append(.file(path: path, length: input.bytes, base64: base64))
    }
    if ready.timeout == 0, isPaid {
      ready.timeout = UInt32(clamping: record.terms.submitTimeoutSeconds * 1000)
    }
    return ready
  }

  private func begin(_ id: JobID) -> UInt64 {
    turns += 1
    slots[id]?.turn = turns
    return turns
  }

  private func answered(_ id: JobID, _ turn: UInt64, _ exchange: Exchange, isPaid: Bool) {
    if isPaid { paidUnderWay -= 1 }
    guard slots[id]?.turn == turn else { return }
    slots[id]?.exchange = nil
    // A repeatable exchange that the drain cut says nothing about the provider.
    if isDraining, !isPaid { return }
    deliver(id, .answered(exchange, isPaid: isPaid))
  }

  func interrupt(_ id: JobID) {
    guard let slot = slots[id], !slot.job.paidUnderWay else { return }
    slot.exchange?.cancel()
    slots[id]?.exchange = nil
    _ = begin(id)
  }

  // MARK: Assets

  /// Removes the files of an answer that another one has followed, and no result names.
  func dropSpools(of before: LiveJob, after: LiveJob?) {
    guard !before.spools.isEmpty, before.spools != after?.spools else { return }
    let kept = Set((after?.unstored ?? []).compactMap(\.spoolPath))
    let paths = before.spools.map(\.path).filter { !kept.contains($0) }
    guard !paths.isEmpty else { return }
    Task { [artifacts = parts.artifacts] in await artifacts.discard(paths: paths) }
  }

  func fetch(_ id: JobID, _ asset: PendingAsset) {
    // What came inside an answer is stored also while the daemon drains: it dies with the process.
    let isHere = asset.spoolPath != nil
    guard !isDraining || isHere, let slot = slots[id] else { return }
    if isHere { storing += 1 }
    let record = slot.job.record
    let expected = asset.medium ?? (record.kind == .image ? "image" : "video")
    let turn = begin(id)
    let limit =
      index.entry(provider: record.provider, model: record.model)?.settings.maxAssetBytes
      ?? Limits.artifactBytes
    parts.crash.pass("asset.before")
    slots[id]?.exchange = Task { [parts] in
      let input: JobInput
      var way: String?
      do throws(KinoraError) {
        if let path = asset.spoolPath {
          input = .stored(
            asset.encoding == "base64"
              ? try await parts.artifacts.adopt(base64: path, expected: expected)
              : try await parts.artifacts.adopt(path: path, expected: expected))
        } else if let url = asset.url, url.hasPrefix("data:") {
          input = .stored(try await parts.artifacts.adopt(dataURL: url, expected: expected))
        } else {
          let path = parts.artifacts.temporaryPath()
          way = try await Self.download(asset, record.provider, to: path, limit: limit, parts)
          parts.crash.pass("asset.downloaded")
          input = .stored(try await parts.artifacts.adopt(path: path, expected: expected))
        }
        parts.crash.pass("asset.adopted")
      } catch {
        input = .assetFailed(error)
      }
      if isHere { self.storing -= 1 }
      self.fetched(id, turn, input, way)
    }
  }

  private func fetched(_ id: JobID, _ turn: UInt64, _ input: JobInput, _ way: String?) {
    guard slots[id]?.turn == turn else { return }
    slots[id]?.exchange = nil
    if isDraining, case .assetFailed = input { return }
    if let way { slots[id]?.job.record.transports["fetch"] = way }
    deliver(id, input)
  }

  private static func download(
    _ asset: PendingAsset, _ provider: String, to path: String, limit: Int64, _ parts: EngineParts
  ) async throws(KinoraError) -> String {
    let request = ProviderRequest(
      method: "GET", url: asset.url ?? "",
      fields: asset.fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
      isIdempotent: true)
    let exchange = await parts.transport.download(
      request, provider: provider, to: path, limit: limit)
    switch exchange.outcome {
    case .failed(_, let error): throw error
    case .response(let response) where response.status == 200 && response.isHTML:
      // It was not written: there is no file to look at.
      throw KinoraError(
        .assetUnusable, "a page of HTML came instead of the file")
    case .response(let response) where response.status == 200:
      return "\(exchange.transport.rawValue) (\(exchange.reason))"
    case .response(let response):
      let mayPass = response.status >= 500 || response.status == 429 || response.status == 408
      throw KinoraError(
        mayPass ? .providerUnavailable : .assetUnusable,
        "the provider answered \(response.status) for the finished file")
    }
  }
}
