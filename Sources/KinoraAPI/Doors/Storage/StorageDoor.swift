import KinoraCore
import KinoraHTTP
import KinoraModel

/// `POST /video/generate` and `POST /video/extend`: one request, one answer with the clip in it, in
/// an envelope. Values always snap to what the model can; what was asked and what was made is told.
/// The dialect is that of a program's own backend; docs/front-doors.md has all of it.
///
/// The way of a request: ``StorageFields`` reads the body, with ``StorageModels`` for whose model it is;
/// the kit makes the jobs and waits; ``StorageAnswer`` words them, and ``StorageKey`` names their files.
enum StorageDoor {
  static let routes: [Route] = [
    Route("/video/generate", .post(.known, .upload) { $0.generateVideo($1) })
      .speaking(StorageAnswer.dialect),
    Route("/video/extend", .post(.known, .upload) { $0.extendVideo($1) })
      .speaking(StorageAnswer.dialect),
    Route("/customers/{customer}/assets/video/{name}", .get { $0.customerFile($1) })
      .speaking(StorageAnswer.dialect),
  ]
}

extension APIService {
  func generateVideo(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let fields = try StorageFields(try parsed(call.request), service.policy.index)
      try allow(fields.customer, call)
      return try await answer(fields, call)
    }
  }

  func extendVideo(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let body = try parsed(call.request)
      let id = try StorageFields.source(body)
      var source: JobRecord?
      // Without a model the clip goes on with the one that made it.
      if StorageFields.model(body) == nil { source = try await service.job(id, call.viewer) }
      var fields = try StorageFields(
        body, service.policy.index, isExtension: true,
        of: source.map { "\($0.provider)/\($0.model)" })
      try allow(fields.customer, call)
      guard fields.entry.model.kinds.contains(.extend) else {
        throw KinoraError(
          .notSupported, "\(fields.entry.id) cannot extend a video",
          field: "settings.video.model",
          allowed: service.policy.index.entries.filter { $0.model.kinds.contains(.extend) }
            .prefix(8).map(\.id))
      }
      if let why = service.policy.readiness(fields.entry.settings.name) { throw why }
      let earlier = try await service.job(id, call.viewer)
      if let owner = earlier.request.metadata["customer_id"], owner != String(fields.customer) {
        throw KinoraError(.notFound, "there is no job \(id) of this customer")
      }
      fields.extend(id)
      return try await answer(fields, call)
    }
  }

  /// A customer's file under its key.
  func customerFile(_ call: Call) -> HTTPReply {
    later(call) { [self] () throws(KinoraError) in
      let (customer, name) = (call.values.first ?? "", call.values.last ?? "")
      let missing = KinoraError(.notFound, "there is no file \(name.prefix(80))")
      guard let id = StorageKey.job(name), let record = try? await service.job(id, call.viewer),
        record.request.metadata["customer_id"] == customer,
        let index = record.artifacts.indices.first(where: {
          StorageKey.name(record, $0) == name
        })
      else { throw missing }
      return try await content(id, index: index, call)
    }
  }

  private func allow(_ customer: Int64, _ call: Call) throws(KinoraError) {
    let rules = service.policy.customers
    guard Customers.allows(customer, for: call.viewer, rules: rules) else {
      throw KinoraError(
        .forbidden, "\(call.viewer.client) may not ask for customer \(customer)",
        field: "customer_id")
    }
  }

  private func answer(
    _ fields: StorageFields, _ call: Call
  ) async throws(KinoraError) -> HTTPResponse {
    let submission = try submission(fields.request, door: "storage-backend", call)
    let batch: DoorBatch
    do throws(KinoraError) {
      batch = try await makeAll(submission, fields.inputs, call)
    } catch {
      throw StorageFields.named(error)
    }
    if Self.prefersAsync(call) { return tagged(StorageAnswer.begun(batch), batch) }
    do throws(KinoraError) {
      let records = try await outcomes(batch, call.viewer, seconds: fields.patience)
      return tagged(answer(try envelope(fields, records, call), batch.ids, call), batch)
    } catch {
      var response = StorageAnswer.failure(error, call.requestID, batch)
      Answer.forbidRepeat(&response)
      return tagged(response, batch)
    }
  }

  private func envelope(
    _ fields: StorageFields, _ records: [JobRecord], _ call: Call
  ) throws(KinoraError) -> MediaText {
    let done = try Self.completed(records)
    guard let first = done.first else { throw KinoraError(.internalError, "no job was made") }
    var warnings = fields.warnings
    for record in records {
      guard let failure = Self.failure(of: record) else { continue }
      warnings.append("\(record.id) has no result: \(failure.message)")
    }
    var holes = holes
    var videoURL: String?
    var videos: [JSON] = []
    for record in done {
      for (at, item) in try files(of: record).enumerated() {
        let key = StorageKey.of(record, at, customer: String(fields.customer))
        let url =
          fields.savesToStore
          ? "\(Self.origin(call))/\(key)" : holes.dataURL(item.artifact.mime, item.file)
        let isFirst = videoURL == nil
        videoURL = videoURL ?? url
        // A data URL of many megabytes is not sent twice: the first one is `video_url`.
        videos.append(
          StorageAnswer.video(
            record, item.artifact, url: isFirst && !fields.savesToStore ? nil : url,
            content: Self.contentURL(record.id, at, call)))
      }
    }
    let duration = videos.first?["duration"] ?? .null
    return holes.filled([
      "success": true, "code": 200,
      "data": [
        "video_url": JSON(videoURL), "provider": .string(StorageAnswer.word(first)),
        "model": .string(fields.modelName), "upstream_model": .string(first.model),
        "duration": duration, "job_id": .string(first.id.rawValue),
        "settings": StorageAnswer.settings(
          fields, first, duration: duration, count: videos.count, warnings: warnings),
        "videos": .array(videos),
      ],
    ])
  }
}
