import CSys
import Glibc
import KinoraLoop
import KinoraModel

/// One transfer of a curl process: its descriptors, and its answer as it comes. After `start` it is
/// confined to the loop's thread until the child has ended.
final class CurlTask: ReadinessHandler, @unchecked Sendable {
  private static let chunkBytes = 64 * 1024

  let request: PreparedRequest
  let answer: AnswerReader
  let fields: Int32
  let body: Int32?
  let head: Int32
  private(set) var output: Int32
  private let input: Int32
  private let loop: EventLoop
  private var watch: Watch?
  private var isOpen = true
  private var blocks = HeaderBlocks()
  private var headOffset = 0
  private var headRest: [UInt8] = []
  private var hasHead = false
  private var result: WireResult?

  init(_ request: PreparedRequest, scratch: String, loop: EventLoop) throws(KinoraError) {
    guard request.method != "HEAD" else {
      throw KinoraError(.notSupported, "HEAD cannot be sent by the curl transport")
    }
    self.request = request
    self.loop = loop
    answer = AnswerReader(request.answer)
    let lines = FieldLines.lines(request).map { $0 + "\n" }.joined()
    var opened: [Int32] = []
    do throws(KinoraError) {
      fields = try BodyRenderer.memory(Array(lines.utf8), name: "kinora-fields")
      opened.append(fields)
      body =
        request.sendsBody
        ? try BodyRenderer.descriptor(for: request.body, folder: scratch) : nil
      if let body { opened.append(body) }
      head = kn_memfd_open("kinora-head")
      opened.append(head)
      var ends: [Int32] = [-1, -1]
      guard head >= 0, kn_pipe(&ends) == 0 else {
        throw KinoraError(.unavailable, "no descriptors left for curl")
      }
      (input, output) = (ends[0], ends[1])
    } catch {
      for descriptor in opened where descriptor >= 0 { close(descriptor) }
      throw error
    }
  }

  deinit {
    closeChildEnds()
    close(head)
    if isOpen { close(input) }
  }

  private var hasChildEnds = true

  /// What the child gets, in the order that `descriptors` counts.
  var kept: [Int32] { [fields, head, output] + (body.map { [$0] } ?? []) }

  /// The numbers of `kept` in the child.
  func descriptors(from first: Int) -> CurlConfig.Descriptors {
    .init(
      fields: first, body: body == nil ? nil : first + 3, head: first + 1, output: first + 2)
  }

  /// After the spawn, or when there is none.
  func closeChildEnds() {
    guard hasChildEnds else { return }
    hasChildEnds = false
    for descriptor in [fields, output] + (body.map { [$0] } ?? []) { close(descriptor) }
  }

  /// Begins to read. Loop's thread.
  func start() { watch = try? loop.watch(input, for: .read, self) }

  func ready(_ events: Readiness) { _ = readOnce() }

  /// Stops reading: curl's next write fails and only this transfer ends. Loop's thread.
  func abandon() {
    guard isOpen else { return }
    isOpen = false
    if let watch { loop.unwatch(watch) }
    close(input)
  }

  /// Takes what is left and gives the outcome, again the same when asked again. Without a report the
  /// child has ended with `status`, minus the signal where one killed it. Loop's thread.
  func finish(_ report: CurlReport?, status: Int32) -> WireResult {
    if let result { return result }
    let result = outcome(report, status)
    self.result = result
    return result
  }

  private func outcome(_ report: CurlReport?, _ status: Int32) -> WireResult {
    while isOpen, readOnce() {}
    abandon()
    readHead()
    var result = WireResult(outcome: .failure(CurlExit.error(report?.exit ?? status, request.url)))
    result.exit = report?.exit ?? status
    result.pretransfer = report?.pretransfer
    result.connects = report?.connects
    result.sentBytes = report?.sentBytes
    result.receivedBytes = report?.receivedBytes
    result.version = report?.version ?? blocks.version
    result.milliseconds = report?.milliseconds ?? 0
    result.sent = report?.provesNothingSent == true ? .no : .unknown
    if let problem = answer.problem {
      result.outcome = .failure(problem)
    } else if report == nil {
      result.outcome = .failure(
        KinoraError(.providerUnavailable, "\(request.url.origin): curl ended with \(status)"))
    } else if report?.exit == 0, hasHead {
      do throws(KinoraError) {
        result.outcome = .success(try answer.finish())
        result.isHTML = answer.kind == .html
      } catch {
        result.outcome = .failure(error)
      }
    } else if report?.exit == 0 {
      result.outcome = .failure(CurlExit.error(52, request.url))
    }
    if case .failure = result.outcome { answer.discard() }
    return result
  }

  private func readOnce() -> Bool {
    withUnsafeTemporaryAllocation(byteCount: Self.chunkBytes, alignment: 16) { buffer in
      let count = read(input, buffer.baseAddress, buffer.count)
      if count > 0 {
        // curl writes the header block to its file before the first byte of the body goes out here.
        if !hasHead { readHead() }
        let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        if !hasHead || !answer.take(chunk) { abandon() }
        return isOpen
      }
      if count < 0, errno == EINTR { return true }
      if count < 0, errno == EAGAIN { return false }
      abandon()
      return false
    }
  }

  private func readHead() {
    while !hasHead, !blocks.isTooLong {
      var chunk = [UInt8](repeating: 0, count: 16_384)
      let count = pread(head, &chunk, chunk.count, headOffset)
      guard count > 0 else { break }
      headOffset += count
      headRest += chunk.prefix(count)
      if let end = headRest.lastIndex(of: 0x0a) {
        blocks.take(all: Array(headRest[...end]))
        headRest.removeFirst(end + 1)
      }
      if blocks.isComplete {
        hasHead = true
        answer.head(blocks.status, blocks.fields)
      }
    }
  }
}
