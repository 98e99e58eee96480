import CCurl
import KinoraModel

/// One exchange in libcurl's hands.
final class Transfer {
  let handle: UnsafeMutableRawPointer
  private var list: UnsafeMutablePointer<curl_slist>?
  private var form: OpaquePointer?
  /// The body so far, where there is no sink.
  private(set) var received: [UInt8] = []
  /// Takes the body of a success as it comes; false ends the exchange.
  private let sink: ((UnsafeRawBufferPointer) -> Bool)?

  /// - Parameter socket: nil for a request whose target is a whole address
  init(_ request: Request, socket: String?, sink: ((UnsafeRawBufferPointer) -> Bool)? = nil)
    throws(Failure)
  {
    guard let handle = curl_easy_init() else {
      throw Failure(exit: .unreachable, what: "libcurl does not start")
    }
    self.handle = handle
    self.sink = sink
    if let socket {
      _ = kn_curl_set_string(handle, CURLOPT_URL, "http://kinora\(request.target)")
      _ = kn_curl_set_string(handle, CURLOPT_UNIX_SOCKET_PATH, socket)
    } else {
      _ = kn_curl_set_string(handle, CURLOPT_URL, request.target)
    }
    _ = kn_curl_set_string(handle, CURLOPT_PROXY, "")
    _ = kn_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
    _ = kn_curl_set_string(handle, CURLOPT_USERAGENT, "kinora/\(Program.version)")
    _ = kn_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = kn_curl_set_long(handle, CURLOPT_TIMEOUT, request.timeout)
    if request.timeout == 0 {
      // A stream: the daemon sends a comment every 15 s; silence for a minute is a dead peer.
      _ = kn_curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
      _ = kn_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, 60)
    }
    _ = kn_curl_set_write(handle, receive, Unmanaged.passUnretained(self).toOpaque())
    for header in request.headers { list = curl_slist_append(list, header) }
    setBody(request.body)
    _ = kn_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
  }

  deinit {
    curl_easy_cleanup(handle)
    curl_slist_free_all(list)
    curl_mime_free(form)
  }

  private func setBody(_ body: Request.Body) {
    switch body {
    case .none: break
    case .json(let json): setBody(.text(json.bytes))
    case .text(let bytes):
      list = curl_slist_append(list, "content-type: application/json")
      _ = kn_curl_set_off(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
      _ = bytes.withUnsafeBytes { raw in
        kn_curl_set_pointer(
          handle, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: raw.baseAddress))
      }
    case .form(let parts):
      form = curl_mime_init(handle)
      for part in parts {
        let item = curl_mime_addpart(form)
        curl_mime_name(item, part.name)
        switch part.content {
        case .text(let text): curl_mime_data(item, text, text.utf8.count)
        case .file(let path, let mime):
          curl_mime_filedata(item, path)
          curl_mime_type(item, mime)
        }
      }
      _ = kn_curl_set_pointer(handle, CURLOPT_MIMEPOST, UnsafeMutableRawPointer(form))
    }
  }

  /// The answer's status; 0 before its head came.
  var status: Int {
    var status = 0
    _ = kn_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return status
  }

  /// A header of the answer.
  func header(_ name: String) -> String? {
    var found: UnsafeMutablePointer<curl_header>?
    guard curl_easy_header(handle, name, 0, UInt32(CURLH_HEADER), -1, &found) == CURLHE_OK,
      let value = found?.pointee.value
    else { return nil }
    return String(cString: value)
  }

  /// The system's number for why no connection came about.
  var connectError: Int32 {
    var number = 0
    _ = kn_curl_get_long(handle, CURLINFO_OS_ERRNO, &number)
    return Int32(truncatingIfNeeded: number)
  }

  fileprivate func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    if let sink, (200..<300).contains(status) { return sink(bytes) }
    received.append(contentsOf: bytes)
    return true
  }
}

private func receive(
  _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int,
  _ context: UnsafeMutableRawPointer?
) -> Int {
  guard let context else { return 0 }
  let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  let bytes = UnsafeRawBufferPointer(start: data, count: size * count)
  return transfer.take(bytes) ? bytes.count : 0
}
