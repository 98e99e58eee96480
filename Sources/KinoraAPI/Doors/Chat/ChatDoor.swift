import KinoraCore
import KinoraHTTP
import KinoraModel

/// Video and images through `POST /v1/chat/completions`, in the shape that CLIProxyAPI made common
/// for images (`message.images[]`) and that its users asked for video (`message.videos[]`).
/// Source: github.com/router-for-me/CLIProxyAPI, issue 1005 and its Gemini translator.
///
/// The way of a request: ``ChatFields`` reads the body, with ``ChatMessages`` for the conversation and
/// ``ChatConfig`` for the media; the kit makes the jobs; ``ChatAnswer`` words what became of them, at
/// once or piece by piece in `chatStream`.
enum ChatDoor {
  static let routes: [Route] = [
    Route("/v1/chat/completions", .post(.known, .upload) { $0.chat($1) })
  ]
}

extension APIService {
  func chat(_ call: Call) -> HTTPReply {
    submitting(call) { [self] () throws(KinoraError) in
      let index = service.policy.index
      let fields = try ChatFields(try parsed(call.request), index)
      let entry = try fields.entry(index)
      var request = fields.request
      request.model = entry.id
      let isImage = entry.model.medium == "image"
      let submission = try submission(request, door: isImage ? "images" : "chat", call)
      let batch: DoorBatch
      do throws(KinoraError) {
        batch = try await makeAll(
          submission, fields.messages.inputs(for: entry.model), call)
      } catch {
        throw fields.named(error)
      }
      let answer = ChatAnswer(call: call, batch: batch, fields: fields, model: entry.id)
      if fields.isStream { return tagged(chatStream(answer), batch) }
      if Self.prefersAsync(call) { return tagged(begun(batch), batch) }
      do throws(KinoraError) {
        let records = try await outcomes(batch, call.viewer, seconds: fields.config.seconds)
        var response = self.answer(
          try whole(answer, Self.completed(records)), batch.ids, call)
        response.fields.append("x-kinora-route", ChatAnswer.route(records))
        return tagged(response, batch)
      } catch {
        return refusal(error, of: batch, call)
      }
    }
  }

  /// 202 and the first job, for a client that does not wait.
  func begun(_ batch: DoorBatch) -> HTTPResponse {
    guard let first = batch.accepted.first else { return HTTPResponse(status: 202) }
    var response = Answer.json(form(first.record))
    response.status = 202
    response.fields.append("Location", "/v1/videos/\(first.record.id)")
    response.fields.append("Preference-Applied", "respond-async")
    Answer.pace(&response, first.record)
    return response
  }

  /// The answer of a request that waited.
  private func whole(
    _ answer: ChatAnswer, _ records: [JobRecord]
  ) throws(KinoraError) -> MediaText {
    var holes = holes
    var message: JSON = ["role": "assistant", "content": ""]
    for (name, items) in try media(answer, records, &holes) {
      message = message.setting(name, .array(items))
    }
    return holes.filled(answer.completion(message, records))
  }

  /// `videos` and `images` of the answer, each with its items; a list without any is left out.
  func media(
    _ answer: ChatAnswer, _ records: [JobRecord], _ holes: inout MediaHoles
  ) throws(KinoraError) -> [(name: String, items: [JSON])] {
    var videos: [JSON] = []
    var images: [JSON] = []
    for record in records {
      for (at, item) in try files(of: record).enumerated() {
        let isImage = item.artifact.mime.hasPrefix("image/")
        let address = Self.contentURL(record.id, at, answer.call)
        let isInline = item.artifact.bytes <= answer.fields.config.inlineMost
        let url = isInline ? holes.dataURL(item.artifact.mime, item.file) : address
        let json = ChatAnswer.item(
          item.artifact, of: record, index: isImage ? images.count : videos.count, url: url,
          address: address, life: service.policy.jobLife)
        if isImage { images.append(json) } else { videos.append(json) }
      }
    }
    return [("videos", videos), ("images", images)].filter { !$0.1.isEmpty }
  }
}
