import CLLHTTP

/// llhttp's settings: one table for the life of the process, at one address.
let parserSettings = ParserSettings()

/// Immutable once made, so every loop may share it.
final class ParserSettings: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<llhttp_settings_t>

  init() {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: llhttp_settings_t())
    llhttp_settings_init(pointer)
    pointer.pointee.on_url = { p, at, n in parser(p)?.target(at, n) ?? -1 }
    pointer.pointee.on_header_field = { p, at, n in parser(p)?.name(at, n) ?? -1 }
    pointer.pointee.on_header_field_complete = { p in parser(p)?.nameComplete() ?? -1 }
    pointer.pointee.on_header_value = { p, at, n in parser(p)?.value(at, n) ?? -1 }
    pointer.pointee.on_headers_complete = { p in parser(p)?.headersComplete() ?? -1 }
    pointer.pointee.on_body = { p, at, n in parser(p)?.payload(at, n) ?? -1 }
    pointer.pointee.on_chunk_extension_name = { p, _, n in parser(p)?.chunkExtension(n) ?? -1 }
    pointer.pointee.on_chunk_extension_value = { p, _, n in parser(p)?.chunkExtension(n) ?? -1 }
    pointer.pointee.on_chunk_header = { p in parser(p)?.chunkHeader() ?? -1 }
    pointer.pointee.on_message_complete = { p in parser(p)?.messageComplete() ?? -1 }
  }
}

/// The parser behind a C one: it owns the C one, so it lives as long.
private func parser(_ raw: UnsafeMutablePointer<llhttp_t>?) -> RequestParser? {
  guard let data = raw?.pointee.data else { return nil }
  return Unmanaged<RequestParser>.fromOpaque(data).takeUnretainedValue()
}

extension RequestParser {
  fileprivate func target(_ at: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
    builder.target(UnsafeRawBufferPointer(start: at, count: count))
      ? 0 : refuse(HTTPProblem(414, "request target too long"))
  }

  fileprivate func name(_ at: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
    if phase == .trailers { return 0 }
    return builder.name(UnsafeRawBufferPointer(start: at, count: count))
      ? 0 : refuse(HTTPProblem(431, "too many or too large header fields"))
  }

  fileprivate func nameComplete() -> Int32 {
    if phase != .trailers { builder.nameComplete() }
    return 0
  }

  fileprivate func value(_ at: UnsafePointer<CChar>?, _ count: Int) -> Int32 {
    if phase == .trailers { return 0 }
    return builder.value(UnsafeRawBufferPointer(start: at, count: count))
      ? 0 : refuse(HTTPProblem(431, "header fields too large"))
  }
}

/// The methods that llhttp knows for HTTP, by its numbers.
enum MethodNames {
  static let all: [String] = (0..<64).map { number in
    number <= 45
      ? String(cString: llhttp_method_name(llhttp_method_t(rawValue: UInt32(number)))) : ""
  }
  /// Those that it takes in a request of HTTP/1.1; the others are RTSP's.
  static let known = Set(all[...Int(HTTP_SOURCE.rawValue)]).union(["PRI"])
}
