import CKinoraPlugin
import KinoraModel
import KinoraPluginHost
import Testing

/// The layout of ABI 1.0. A change here is a change of the ABI and belongs into Plugins/README.md.
@Suite struct LayoutTests {
  @Test("every field of every struct is where ABI 1.0 put it")
  func offsets() {
    func at<T>(_ path: PartialKeyPath<T>) -> Int { MemoryLayout<T>.offset(of: path) ?? -1 }
    #expect(MemoryLayout<kn_bytes>.size == 16)
    #expect(MemoryLayout<kn_header>.size == 32)
    #expect(MemoryLayout<kn_part>.size == 24)
    #expect(MemoryLayout<kn_spool>.size == 40)
    #expect(
      [
        at(\kn_request.struct_size), at(\kn_request.flags), at(\kn_request.timeout_ms),
        at(\kn_request.max_body), at(\kn_request.method), at(\kn_request.url),
        at(\kn_request.body), at(\kn_request.tag), at(\kn_request.headers),
        at(\kn_request.header_count), at(\kn_request.parts), at(\kn_request.part_count),
        MemoryLayout<kn_request>.size,
      ] == [0, 4, 8, 12, 16, 32, 48, 64, 80, 88, 96, 104, 112])
    #expect(
      [
        at(\kn_response.struct_size), at(\kn_response.status), at(\kn_response.body),
        at(\kn_response.tag), at(\kn_response.headers), at(\kn_response.header_count),
        at(\kn_response.spools), at(\kn_response.spool_count), MemoryLayout<kn_response>.size,
      ] == [0, 4, 8, 24, 40, 48, 56, 64, 72])
    #expect(
      [
        at(\kn_failure.struct_size), at(\kn_failure.code), at(\kn_failure.flags),
        at(\kn_failure.retry_after_ms), at(\kn_failure.message), MemoryLayout<kn_failure>.size,
      ] == [0, 4, 8, 12, 16, 32])
    #expect(
      [
        at(\kn_event.struct_size), at(\kn_event.kind), at(\kn_event.attempt), at(\kn_event.now_ms),
        at(\kn_event.seed), at(\kn_event.job), at(\kn_event.config), at(\kn_event.state),
        at(\kn_event.response), at(\kn_event.handle), at(\kn_event.ordinal), at(\kn_event.phase),
        MemoryLayout<kn_event>.size,
      ] == [0, 4, 8, 16, 24, 40, 56, 72, 88, 96, 112, 116, 120])
    #expect(
      [
        at(\kn_out.struct_size), at(\kn_out.ctx), at(\kn_out.state), at(\kn_out.progress),
        at(\kn_out.send), at(\kn_out.wait), at(\kn_out.succeed), at(\kn_out.fail),
        at(\kn_out.handle), MemoryLayout<kn_out>.size,
      ] == [0, 8, 16, 24, 32, 40, 48, 56, 64, 72])
    #expect(
      [
        at(\kn_host.struct_size), at(\kn_host.abi_major), at(\kn_host.abi_minor), at(\kn_host.ctx),
        at(\kn_host.extension), MemoryLayout<kn_host>.size,
      ] == [0, 4, 8, 16, 24, 32])
    #expect(
      [
        at(\kn_plugin.magic), at(\kn_plugin.abi_major), at(\kn_plugin.abi_minor),
        at(\kn_plugin.struct_size), at(\kn_plugin.id), at(\kn_plugin.name),
        at(\kn_plugin.version), at(\kn_plugin.catalog), at(\kn_plugin.capabilities),
        at(\kn_plugin.step), at(\kn_plugin.extension), MemoryLayout<kn_plugin>.size,
      ] == [0, 4, 8, 12, 16, 24, 32, 40, 56, 64, 72, 80])
  }

  @Test("numbers are never given to something else")
  func numbers() {
    #expect(KN_MAGIC == 0x314E_524B)
    #expect([Int(KN_ABI_MAJOR), Int(KN_ABI_MINOR)] == [1, 1])
    #expect([KN_OK, KN_UNSUPPORTED, KN_BUG].map { Int($0) } == [0, 1, -1])
    let events = [
      KN_BEGIN, KN_RESPONSE, KN_UNREACHABLE, KN_TIMER, KN_CANCEL, KN_WEBHOOK, KN_RECONCILE,
      KN_ADOPT,
    ]
    #expect(events.map { Int($0) } == Array(1...8))
    let codes = [
      KN_INVALID, KN_UNAUTHENTICATED, KN_REFUSED, KN_EXHAUSTED, KN_NOT_FOUND, KN_UNAVAILABLE,
      KN_PROTOCOL,
    ]
    #expect(codes.map { Int($0) } == Array(1...7))
    #expect([KN_IDEMPOTENT, KN_STREAM_TO_FILE, KN_LIFT_STRINGS].map { Int($0) } == [1, 2, 4])
    #expect([KN_PART_BYTES, KN_PART_INPUT_RAW, KN_PART_INPUT_BASE64].map { Int($0) } == [1, 2, 3])
    #expect(Int(KN_RETRYABLE) == 1)
  }

  @Test(
    "shorter and longer structs are read by their size only, against a guard page",
    arguments: Linked.entries.map(\.folder))
  func sizes(_ name: String) throws {
    let plugin = try Linked.plugin(name)
    let folder = try TranscriptFolder("\(Linked.root)/Plugins/\(name)/transcripts")
    var shorter = 0
    for event in try folder.files.prefix(3).flatMap({ try $0.transcript.events(plugin) }) {
      let usual = try plugin.step(event).json
      let longer = OddStructs(
        event: OddStructs.sizes.event + 128, response: OddStructs.sizes.response + 128,
        out: OddStructs.sizes.out + 128)
      #expect(try plugin.step(event, odd: longer).json == usual)
      for size in stride(from: 16, to: OddStructs.sizes.event, by: 8) {
        // Less is known, so the step may be another; it must be one, and nothing may be touched.
        _ = try plugin.step(event, odd: OddStructs(event: size))
        shorter += 1
      }
      _ = try plugin.step(event, odd: OddStructs(out: OddStructs.sizes.out - 8))
      for size in stride(from: 8, to: OddStructs.sizes.response, by: 8) {
        _ = try plugin.step(event, odd: OddStructs(response: size))
      }
      #expect(
        try plugin.step(event, odd: OddStructs(kind: 99)).json
          == PluginStep(verdict: .unsupported).json)
    }
    #expect(shorter > 100)
  }
}
