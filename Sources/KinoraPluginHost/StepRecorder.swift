import CKinoraPlugin
import KinoraModel

/// Writes down what a plugin says during one call, and everything it says wrongly.
final class StepRecorder {
  private var verdict: PluginStep.Verdict?
  private var step = PluginStep(verdict: .unsupported)
  private var hasHandle = false
  private(set) var problems: [String] = []

  /// Lends the C struct that writes into this recorder.
  func withOut(_ body: (UnsafePointer<kn_out>) -> Void) {
    var out = kn_out(
      struct_size: UInt32(MemoryLayout<kn_out>.size), reserved: 0,
      ctx: Unmanaged.passUnretained(self).toOpaque(),
      state: { StepRecorder.at($0)?.state($1) },
      progress: { StepRecorder.at($0)?.progress($1, $2) },
      send: { StepRecorder.at($0)?.send($1) },
      wait: { StepRecorder.at($0)?.decide(.wait(milliseconds: $1)) },
      succeed: { StepRecorder.at($0)?.succeed($1) },
      fail: { StepRecorder.at($0)?.fail($1) },
      handle: { StepRecorder.at($0)?.handle($1) })
    withExtendedLifetime(self) { body(&out) }
  }

  // The context is ours and outlives the call; a plugin that gives back another one is past help.
  private static func at(_ context: UnsafeMutableRawPointer?) -> StepRecorder? {
    context.map { Unmanaged<StepRecorder>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The step, when the plugin kept to its contract; else `pluginFault` with all that it did wrong.
  func finish(_ status: kn_status, plugin: String) throws(KinoraError) -> PluginStep {
    switch Int(status) {
    case Int(KN_OK):
      if verdict == nil { problems.append("it answered without a verdict") }
    case Int(KN_UNSUPPORTED):
      if verdict != nil { problems.append("it gave a verdict and called the event unsupported") }
      verdict = .unsupported
      step = PluginStep(verdict: .unsupported)
    case Int(KN_BUG): problems.append("it reported a bug of its own")
    default: problems.append("it returned \(status), which is no status")
    }
    guard problems.isEmpty, let verdict else {
      throw KinoraError(
        .pluginFault, "plugin \(printable(plugin)): \(problems.joined(separator: "; "))")
    }
    step.verdict = verdict
    return step
  }

  private func decide(_ new: PluginStep.Verdict) {
    if verdict != nil { problems.append("it gave more than one verdict") }
    verdict = new
  }

  private func before(_ word: String) {
    if verdict != nil { problems.append("it gave its \(word) after the verdict") }
  }

  private func state(_ bytes: kn_bytes) {
    before("state")
    if step.state != nil { problems.append("it saved two states") }
    if bytes.raw.count > PluginLimits.stateBytes {
      problems.append(
        "its state has \(bytes.raw.count) bytes, the limit is \(PluginLimits.stateBytes)")
      return
    }
    step.state = Array(bytes.raw)
  }

  private func progress(_ permille: UInt32, _ note: kn_bytes) {
    before("progress")
    // Above 1000 is "unknown": a note without a figure.
    step.progressPermille = permille <= 1000 ? Int(permille) : nil
    let words = printable(String(decoding: note.raw, as: UTF8.self))
    step.note = words.isEmpty ? nil : words
  }

  private func handle(_ bytes: kn_bytes) {
    before("handle")
    if hasHandle { problems.append("it named two handles") }
    hasHandle = true
    guard let text = bytes.text, !text.isEmpty, text.utf8.count <= PluginLimits.handleBytes,
      !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f })
    else {
      problems.append("its handle is empty, too long or not plain text")
      return
    }
    step.handle = text
  }

  private func send(_ request: UnsafePointer<kn_request>?) {
    guard let request else {
      problems.append("it sent no request")
      return
    }
    var reader = RequestReader(sized(request))
    let made = reader.request()
    problems += reader.problems
    decide(.send(made))
  }

  private func succeed(_ result: kn_bytes) {
    decide(.succeed(Array(result.raw)))
    guard result.raw.count <= PluginLimits.resultBytes else {
      problems.append("its result is longer than \(PluginLimits.resultBytes) bytes")
      return
    }
    do throws(JSONSyntaxError) {
      let json = try JSON.parse(result.raw)
      let hasAssets = json["assets"]?.array?.isEmpty == false
      if !hasAssets { problems.append("its result names no assets") }
    } catch {
      problems.append("its result is not JSON: \(error.reason) at byte \(error.offset)")
    }
  }

  private func fail(_ failure: UnsafePointer<kn_failure>?) {
    guard let failure else {
      problems.append("it failed without a reason")
      return
    }
    let told = sized(failure)
    guard let code = PluginFailure.Code(rawValue: told.code) else {
      problems.append("its failure has the unknown code \(told.code)")
      return
    }
    decide(
      .fail(
        PluginFailure(
          code, printable(String(decoding: told.message.raw, as: UTF8.self)),
          isRetryable: told.flags & UInt32(KN_RETRYABLE) != 0, retryAfter: told.retry_after_ms)))
  }
}
