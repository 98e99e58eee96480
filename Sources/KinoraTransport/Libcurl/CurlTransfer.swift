import CCurl
import Glibc
import KinoraModel

/// One request on one easy handle. Confined to the thread that drives the handle.
final class CurlTransfer {
  let handle: UnsafeMutableRawPointer
  let request: PreparedRequest
  let answer: AnswerReader
  let body: BodyReader
  /// Called before the first byte of the request goes out, with the peer's address; false ends it.
  var beforeRequest: (() -> Bool)?
  /// When the exchange must be over, steady milliseconds; nil leaves it to libcurl's own timer.
  var deadline: Int64?
  /// Why a peer was refused.
  private(set) var refusal: String?
  private(set) var hookCalls = 0
  private(set) var isLate = false
  private var bodyError: KinoraError?
  private var blocks = HeaderBlocks()
  private var hasHead = false
  private var list: UnsafeMutablePointer<curl_slist>?
  private let started = SteadyTime.now()

  init(_ handle: UnsafeMutableRawPointer, _ request: PreparedRequest) {
    self.handle = handle
    self.request = request
    answer = AnswerReader(request.answer)
    body = BodyReader(request.body)
  }

  deinit { curl_slist_free_all(list) }

  /// Sets every option. What is not named here keeps libcurl's default: no cookies, no netrc, no
  /// redirects, peer and host verified.
  func prepare(paid: Bool) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    let isTLS = request.url.scheme == "https"
    kn_curl_set_pointer(handle, CURLOPT_PRIVATE, context)
    kn_curl_set_string(handle, CURLOPT_URL, request.url.text)
    kn_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, isTLS ? "https" : "http")
    kn_curl_set_string(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https")
    kn_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
    // Some edges refuse requests without one; a field of the plugin's own takes its place.
    kn_curl_set_string(handle, CURLOPT_USERAGENT, "kinora")
    kn_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
    kn_curl_set_long(handle, CURLOPT_PATH_AS_IS, 1)
    kn_curl_set_string(handle, CURLOPT_NOPROXY, request.network.proxy == nil ? "*" : "")
    kn_curl_set_string(handle, CURLOPT_PROXY, request.network.proxy ?? "")
    kn_curl_set_long(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    if let file = request.network.caFile {
      kn_curl_set_string(handle, CURLOPT_CAINFO, file)
      kn_curl_set_string(handle, CURLOPT_CAPATH, nil)
    }
    kn_curl_set_long(handle, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
    kn_curl_set_long(
      handle, CURLOPT_HTTP_VERSION,
      isTLS ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
    kn_curl_set_long(handle, CURLOPT_PIPEWAIT, isTLS && !paid ? 1 : 0)
    kn_curl_set_long(
      handle, CURLOPT_CONNECTTIMEOUT_MS,
      Int(min(PreparedRequest.connectTimeout, request.timeout)))
    if deadline == nil { kn_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(request.timeout)) }
    if request.isDownload {
      kn_curl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
      kn_curl_set_long(handle, CURLOPT_LOW_SPEED_TIME, PreparedRequest.stallSeconds)
    }
    if paid || request.isAlone {
      kn_curl_set_long(handle, CURLOPT_FRESH_CONNECT, 1)
      kn_curl_set_long(handle, CURLOPT_FORBID_REUSE, 1)
    }
    kn_curl_set_off(
      handle, CURLOPT_MAXFILESIZE_LARGE,
      curl_off_t(max(Int64(request.answer.maxBody), request.answer.maxFile)))
    kn_curl_set_write(handle, curlTransferWrite, context)
    kn_curl_set_header(handle, curlTransferHeader, context)
    kn_curl_set_prereq(handle, curlTransferBefore, context)
    kn_curl_set_progress(handle, curlTransferProgress, context)
    if request.peer != .any { kn_curl_set_opensocket(handle, curlTransferSocket, context) }
    prepareBody(paid, context)
    prepareFields()
  }

  private func prepareBody(_ paid: Bool, _ context: UnsafeMutableRawPointer) {
    if request.method == "HEAD" {
      kn_curl_set_long(handle, CURLOPT_NOBODY, 1)
    } else if request.sendsBody {
      kn_curl_set_long(handle, CURLOPT_POST, 1)
      kn_curl_set_off(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.length))
      kn_curl_set_read(handle, curlTransferRead, context)
      // A paid body is read once: a second reading would be a second sending.
      if paid {
        kn_curl_set_seek(handle, curlTransferRefuseSeek, context)
      } else {
        kn_curl_set_seek(handle, curlTransferSeek, context)
      }
      if request.method != "POST" {
        kn_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
      }
    } else {
      kn_curl_set_long(handle, CURLOPT_HTTPGET, 1)
      if request.method != "GET" {
        kn_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method)
      }
    }
  }

  private func prepareFields() {
    for line in FieldLines.lines(request) { list = curl_slist_append(list, line) ?? list }
    kn_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
  }

  /// What is known once the handle is done.
  func result(_ code: CURLcode) -> WireResult {
    var result = WireResult(outcome: .failure(CurlExit.error(Int32(code.rawValue), request.url)))
    var long = 0
    var wide: curl_off_t = 0
    result.exit = Int32(code.rawValue)
    if kn_curl_get_off(handle, CURLINFO_PRETRANSFER_TIME_T, &wide) == CURLE_OK {
      result.pretransfer = Int64(wide)
    }
    if kn_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &long) == CURLE_OK { result.connects = long }
    if kn_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &long) == CURLE_OK,
      kn_curl_get_off(handle, CURLINFO_SIZE_UPLOAD_T, &wide) == CURLE_OK
    {
      result.sentBytes = Int64(long) + Int64(wide)
    }
    result.receivedBytes = answer.received
    result.version = blocks.version
    result.hookCalls = hookCalls
    result.milliseconds = SteadyTime.now() - started
    result.sent = result.pretransfer == 0 ? .no : .unknown
    if code == CURLE_OK, !answerBegins() {
      result.outcome = .failure(CurlExit.error(52, request.url))
    } else if code == CURLE_OK {
      do throws(KinoraError) {
        result.outcome = .success(try answer.finish())
        result.isHTML = answer.kind == .html
      } catch {
        result.outcome = .failure(error)
      }
    } else if let error = answer.problem ?? bodyError {
      result.outcome = .failure(error)
    } else if let refusal {
      result.outcome = .failure(KinoraError(.urlRefused, "\(request.url.origin): \(refusal)"))
    } else if isLate {
      result.outcome = .failure(CurlExit.error(28, request.url))
    }
    if case .failure = result.outcome { answer.discard() }
    return result
  }

  // What the callbacks do.

  func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    blocks.take(line: line)
    _ = answerBegins()
    return !blocks.isTooLong
  }

  func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool { answerBegins() && answer.take(bytes) }

  private func answerBegins() -> Bool {
    if !hasHead, blocks.isComplete {
      hasHead = true
      answer.head(blocks.status, blocks.fields)
    }
    return hasHead
  }

  /// nil: the body cannot be read, the transfer ends.
  func giveBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
    do throws(KinoraError) {
      return try body.read(into: buffer)
    } catch {
      bodyError = error
      return nil
    }
  }

  func mayConnect(_ address: IPAddress) -> Bool {
    refusal = request.peer.refusal(address)
    return refusal == nil
  }

  func mayBegin(_ peer: String) -> Bool {
    hookCalls += 1
    guard request.peer == .any || IPAddress(peer).map(mayConnect) == true else {
      refusal = refusal ?? "the peer's address cannot be read"
      return false
    }
    return beforeRequest?() ?? true
  }

  func isOverdue() -> Bool {
    if let deadline, SteadyTime.now() > deadline { isLate = true }
    return isLate
  }
}

/// The steady clock, for time limits inside transports.
enum SteadyTime {
  /// Milliseconds since some start.
  static func now() -> Int64 {
    var t = timespec()
    clock_gettime(CLOCK_BOOTTIME, &t)
    return Int64(t.tv_sec) * 1000 + Int64(t.tv_nsec) / 1_000_000
  }
}
