import KinoraCore
import KinoraHTTP
import KinoraModel

/// OpenAI's images: `POST /v1/images/generations` and `POST /v1/images/edits`. Each picture is a job
/// like any other, so it is paid once, kept, and found under `/v1/videos`.
///
/// The way of a request: ``ImageFields`` reads the body, the kit makes the jobs and waits, `pictures`
/// words them. Errors are the native ones, which are OpenAI's as well.
enum ImagesDoor {
  static let routes: [Route] = [
    Route("/v1/images/generations", .post(.known, .upload) { $0.images($1, isEdit: false) }),
    Route("/v1/images/edits", .post(.known, .upload) { $0.images($1, isEdit: true) }),
  ]
}

extension APIService {
  func images(_ call: Call, isEdit: Bool) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let fields = try ImageFields(
        try parsed(call.request), isEdit: isEdit, service.policy.index)
      var submission = try submission(fields.request, door: "images", call)
      submission.models = fields.models
      let batch = try await makeAll(submission, fields.inputs, call)
      if Self.prefersAsync(call) { return tagged(begun(batch), batch) }
      do throws(KinoraError) {
        let records = try await outcomes(batch, call.viewer, seconds: fields.seconds)
        let text = try pictures(Self.completed(records), fields, call)
        return tagged(answer(text, batch.ids, call), batch)
      } catch {
        return refusal(error, of: batch, call)
      }
    }
  }

  private func pictures(
    _ records: [JobRecord], _ fields: ImageFields, _ call: Call
  ) throws(KinoraError) -> MediaText {
    var holes = holes
    var data: [JSON] = []
    for record in records {
      for (at, item) in try files(of: record).enumerated() {
        let address = Self.contentURL(record.id, at, call)
        data.append(
          fields.asURL
            ? ["url": .string(address)] : ["b64_json": .string(holes.base64(item.file))])
      }
    }
    let created = (records.first?.createdAt ?? 0) / 1000
    return holes.filled([
      "created": .integer(created), "data": .array(data),
      "kinora": ["jobs": .array(records.map { .string($0.id.rawValue) })],
    ])
  }
}
