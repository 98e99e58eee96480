import KinoraHTTP
import KinoraModel

/// Files that go in, files that come out.
extension ComfyUI {
  /// `POST /upload/image`: `image`, `overwrite`, `type`, `subfolder`. A name that is taken gets a number
  /// unless it may be overwritten.
  func upload(_ call: Call) -> Route {
    Route(phase: .other) { _ in
      guard let form = UploadForm(call), let image = form.file, !form.name.isEmpty,
        !form.name.contains("/"), !form.subfolder.contains("..")
      else { return HTTPResponse(status: 400) }
      let parts = form.name.split(separator: ".", omittingEmptySubsequences: false)
      let (base, ending) = (parts.dropLast().joined(separator: "."), parts.last ?? "")
      var name = form.name
      var number = 1
      while !form.overwrites, world.uploads.contains(Self.upload(name, form.subfolder)) {
        name = "\(base) (\(number)).\(ending)"
        number += 1
      }
      await world.uploads.add(
        Self.upload(name, form.subfolder), mime: Picture.mime(image) ?? "", bytes: image.count)
      return .json(
        200,
        ["name": .string(name), "subfolder": .string(form.subfolder), "type": .string(form.type)])
    }
  }

  /// Names of all providers' uploads are in one book.
  static func upload(_ name: String, _ folder: String = "") -> String {
    "comfyui:" + (folder.isEmpty ? "" : "\(folder)/") + name
  }

  /// `GET /view?filename=&subfolder=&type=`.
  func view(_ call: Call) -> Route {
    guard let name = call.query["filename"], !name.isEmpty else {
      return .plain(HTTPResponse(status: 400), .fetch)
    }
    let folder = call.query["subfolder"] ?? ""
    guard !name.contains(".."), !folder.contains("..") else {
      return .plain(HTTPResponse(status: 403), .fetch)
    }
    let found = jobs.last {
      $0.details["file"]?.string == name && $0.details["folder"]?.string == folder
    }
    guard let job = found, (call.query["type"] ?? "output") == "output",
      world.stage(job) == .succeeded
    else { return .plain(failure(.notFound("view")), .fetch) }
    return .about(job, .fetch) { _ in
      guard let asset = await world.asset(job) else { return failure(.status(500)) }
      return .asset(asset, type: job.shape.mime, etag: job.id)
        .with("Content-Disposition", "filename=\"\(name)\"")
    }
  }
}

/// The fields of an upload.
private struct UploadForm {
  var file: [UInt8]?
  var name = ""
  var subfolder = ""
  var type = "input"
  var overwrites = false

  init?(_ call: Call) {
    guard let type = call.fields["content-type"],
      var parser = try? MultipartParser(contentType: type)
    else { return nil }
    var open: MultipartPart?
    var data: [UInt8] = []
    var parts: [(part: MultipartPart, data: [UInt8])] = []
    let isWhole = call.body.withUnsafeBytes { bytes in
      do throws(MultipartError) {
        try parser.feed(bytes) { event in
          switch event {
          case .partBegan(let part): (open, data) = (part, [])
          case .data(let more): data += more
          case .partEnded: if let part = open { parts.append((part, data)) }
          }
        }
        try parser.finish()
        return true
      } catch {
        return false
      }
    }
    guard isWhole else { return nil }
    for (part, data) in parts {
      let text = String(decoding: data, as: UTF8.self)
      switch part.name {
      case "image": (file, name) = (data, part.filename ?? "")
      case "subfolder": subfolder = text
      case "type": self.type = text
      case "overwrite": overwrites = ["true", "1"].contains(text.lowercased())
      default: continue
      }
    }
  }
}
