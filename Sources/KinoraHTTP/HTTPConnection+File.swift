import CSys
import Glibc
import KinoraLoop

/// A file on its way out.
struct FileSending {
  let descriptor: Int32
  var offset: Int64
  let end: Int64
}

extension HTTPConnection {
  /// Answers with a file or what its conditions and range make of it.
  func answer(_ response: HTTPResponse, _ file: HTTPFile) {
    var response = response
    response.fields.append("Accept-Ranges", "bytes")
    if let etag = file.etag { response.fields.append("ETag", "\"\(etag)\"") }
    let now = server.now
    let modified = file.modified.map { min($0, now) }
    if let modified { response.fields.append("Last-Modified", HTTPDate.format(modified)) }
    var selection = FileSelection.whole
    if response.status == 200, exchange.method == "GET" || exchange.isHead {
      selection = FileSelection(
        method: exchange.method, fields: exchange.conditions,
        .init(length: file.length, etag: file.etag, modified: modified, now: now))
    }
    switch selection {
    case .whole: send(response, file, 0..<max(0, file.length))
    case .part(let range):
      response.status = 206
      response.fields.append(
        "Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.length)")
      send(response, file, range)
    case .notModified:
      response.status = 304
      Glibc.close(file.descriptor)
      refuseFile(response)
    case .preconditionFailed:
      Glibc.close(file.descriptor)
      refuseFile(
        server.service.refusal(status: 412, reason: "the file does not meet the condition"))
    case .unsatisfiable:
      Glibc.close(file.descriptor)
      var refusal = server.service.refusal(
        status: 416, reason: "the range lies outside of the \(file.length) bytes there are")
      refusal.fields.replace("Content-Range", "bytes */\(file.length)")
      refuseFile(refusal)
    }
  }

  /// Answers without the file; the answer's own `sent` stays.
  private func refuseFile(_ response: HTTPResponse) {
    var response = response
    response.sent = exchange.sent
    if case .bytes = response.body {} else { response.body = .none }
    answer(response)
  }

  private func send(_ response: HTTPResponse, _ file: HTTPFile, _ range: Range<Int64>) {
    let length = range.upperBound - range.lowerBound
    writeHead(response, .length(length))
    exchange.isWhole = true
    if exchange.isHead || length == 0 {
      Glibc.close(file.descriptor)
      writeScratch(more: false)
    } else {
      // Read ahead, so that the loop does not wait for the disk when sendfile comes to it.
      let ahead = min(length, Int64(2 * limits.fileBytesPerTurn))
      posix_fadvise(file.descriptor, off_t(range.lowerBound), off_t(ahead), POSIX_FADV_WILLNEED)
      self.file = FileSending(
        descriptor: file.descriptor, offset: range.lowerBound, end: range.upperBound)
      writeScratch(more: true)
    }
    flush()
  }

  /// True when the file is out. A fast reader of a large file gives way to others now and then.
  func sendFile() -> Bool {
    guard var sending = file else { return true }
    var budget = limits.fileBytesPerTurn
    var offset = off_t(sending.offset)
    while offset < sending.end {
      if budget <= 0 {
        // The socket has room: nobody else would call again.
        setBlocked(false)
        loop.post { [self] in if file != nil, !blocked { flush() } }
        return false
      }
      let count = min(Int(sending.end) - Int(offset), limits.fileStepBytes)
      let sent = kn_sendfile(descriptor, sending.descriptor, &offset, count)
      if sent < 0, errno == EINTR { continue }
      if sent < 0, errno == EAGAIN {
        wait(progress: budget < limits.fileBytesPerTurn)
        return false
      }
      guard sent > 0 else {
        // The peer is gone, or the file has become shorter than was promised.
        close()
        return false
      }
      server.counters.didSend(sent)
      budget -= sent
      sending.offset = Int64(offset)
      file = sending
    }
    Glibc.close(sending.descriptor)
    file = nil
    return true
  }
}
