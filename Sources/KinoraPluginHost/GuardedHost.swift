import CKinoraPlugin
import Glibc

/// A host's table of another size, right before a page that may not be touched.
final class GuardedHost {
  let pointer: UnsafePointer<kn_host>
  private let map: UnsafeMutableRawPointer
  private static let size = 4096

  /// Nil without memory; `bytes` is a multiple of 8, from 16 up.
  init?(_ bytes: Int) {
    let made = mmap(nil, 2 * Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let made, made != MAP_FAILED, (16...Self.size).contains(bytes) else { return nil }
    map = made
    let place = made + Self.size - bytes
    var host = kn_host(
      struct_size: UInt32(bytes), abi_major: KN_ABI_MAJOR, abi_minor: KN_ABI_MINOR, reserved: 0,
      ctx: nil, extension: { _, _ in nil })
    memset(place, 0xaa, bytes)
    memcpy(place, &host, min(bytes, MemoryLayout<kn_host>.size))
    pointer = UnsafePointer(place.assumingMemoryBound(to: kn_host.self))
    guard mprotect(made + Self.size, Self.size, PROT_NONE) == 0 else { return nil }
  }

  deinit { munmap(map, 2 * Self.size) }
}
