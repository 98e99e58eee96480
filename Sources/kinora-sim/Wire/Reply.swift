import KinoraHTTP
import KinoraModel

extension HTTPResponse {
  /// A JSON answer.
  static func json(
    _ status: Int, _ value: JSON, type: String = "application/json; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(
      status: status, fields: HTTPFields(["Content-Type": type]), body: .bytes(value.bytes))
  }

  /// A page of a web site.
  static func page(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(
      status: status, fields: HTTPFields(["Content-Type": "text/html; charset=utf-8"]),
      body: .bytes(Array(text.utf8)))
  }

  /// A finished file; the server closes the descriptor.
  static func asset(_ asset: Asset, type: String, etag: String) -> HTTPResponse {
    HTTPResponse(
      status: 200, fields: HTTPFields(["Content-Type": type]),
      body: .file(HTTPFile(descriptor: asset.descriptor, length: asset.length, etag: etag)))
  }

  /// The same with one more field.
  func with(_ name: String, _ value: String) -> HTTPResponse {
    var copy = self
    copy.fields.replace(name, value)
    return copy
  }

  /// The start page that a web site's edge serves for a wrong path.
  static let website = HTTPResponse.page(
    200,
    """
    <!DOCTYPE html><html lang="en"><head><title>Simulated provider</title></head>\
    <body><h1>Welcome</h1><p>This is the web site, not the interface.</p></body></html>
    """)
}
