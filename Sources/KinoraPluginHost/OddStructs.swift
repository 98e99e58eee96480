import CKinoraPlugin
import Glibc
public import KinoraModel

/// What a host of another version would hand to a plugin: shorter or longer structs, unknown events.
///
/// For tests and `kinora-plugin-check`. Each struct lies right before a page that may not be touched,
/// so a plugin that reads past the size it was told dies there and then.
public struct OddStructs: Sendable {
  /// Bytes of the event; nil: as it is. More than the struct has: the rest is noise.
  public var event: Int?
  /// Bytes of the response.
  public var response: Int?
  /// Bytes of the table of callbacks.
  public var out: Int?
  /// Another kind of event.
  public var kind: UInt32?
  /// Job, config, state and the answer's body end where a forbidden page begins, too.
  public var hasTightBytes = false

  /// Structs of odd sizes, each a multiple of 8 and at most 4096.
  public init(event: Int? = nil, response: Int? = nil, out: Int? = nil, kind: UInt32? = nil) {
    self.event = event
    self.response = response
    self.out = out
    self.kind = kind
  }

  /// Bytes of this host's structs.
  public static var sizes: (event: Int, response: Int, out: Int) {
    (MemoryLayout<kn_event>.size, MemoryLayout<kn_response>.size, MemoryLayout<kn_out>.size)
  }
}

extension LoadedPlugin {
  /// One step with odd structs. Throws as `step` does, and `internalError` without memory.
  public func step(_ event: PluginEvent, odd: OddStructs) throws(KinoraError) -> PluginStep {
    guard let events = GuardedPage(), let responses = GuardedPage(), let outs = GuardedPage() else {
      throw KinoraError(.internalError, "no memory for a guarded page")
    }
    let recorder = StepRecorder()
    let tight = TightBytes()
    var status = kn_status(KN_BUG)
    lend(event) { event in
      var told = event.pointee
      if let kind = odd.kind { told.kind = kind }
      if odd.hasTightBytes {
        for field in [\kn_event.job, \.config, \.state, \.handle] {
          told[keyPath: field] = tight.put(told[keyPath: field])
        }
      }
      if let response = told.response {
        var answer = response.pointee
        if odd.hasTightBytes { answer.body = tight.put(answer.body) }
        told.response = withUnsafePointer(to: &answer) { responses.put($0, odd.response) }
      }
      let placed = withUnsafePointer(to: &told) { events.put($0, odd.event) }
      recorder.withOut { out in status = rawStep(placed, outs.put(out, odd.out)) }
    }
    return try recorder.finish(status, plugin: "\(id) \(version)")
  }
}

/// Copies of bytes, each right before a page that may not be touched.
private final class TightBytes {
  private var maps: [(start: UnsafeMutableRawPointer, size: Int)] = []

  deinit { for map in maps { munmap(map.start, map.size) } }

  /// A copy; the bytes themselves where there are none or no memory is.
  func put(_ bytes: kn_bytes) -> kn_bytes {
    guard bytes.len > 0, let from = bytes.ptr else { return bytes }
    let room = (bytes.len + 4095) / 4096 * 4096
    let map = mmap(nil, room + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let map, map != MAP_FAILED else { return bytes }
    maps.append((map, room + 4096))
    guard mprotect(map + room, 4096, PROT_NONE) == 0 else { return bytes }
    let place = map + room - bytes.len
    memcpy(place, from, bytes.len)
    return kn_bytes(ptr: place.assumingMemoryBound(to: CChar.self), len: bytes.len)
  }
}

/// A page with a forbidden one behind it.
private final class GuardedPage {
  private let start: UnsafeMutableRawPointer
  private static let size = 4096

  init?() {
    let map = mmap(nil, 2 * Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let map, map != MAP_FAILED else { return nil }
    start = map
    guard mprotect(map + Self.size, Self.size, PROT_NONE) == 0 else { return nil }
  }

  deinit { munmap(start, 2 * Self.size) }

  /// A copy of a struct that says it has `bytes` bytes and ends where the page does.
  func put<T>(_ pointer: UnsafePointer<T>, _ bytes: Int?) -> UnsafePointer<T> {
    let count = min(max(bytes ?? MemoryLayout<T>.size, 8), Self.size)
    let place = start + Self.size - count
    memset(place, 0xaa, count)
    memcpy(place, pointer, min(count, MemoryLayout<T>.size))
    place.storeBytes(of: UInt32(count), as: UInt32.self)
    return UnsafePointer(place.assumingMemoryBound(to: T.self))
  }
}
