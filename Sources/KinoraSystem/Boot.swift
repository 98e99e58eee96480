import Glibc
import KinoraModel

/// Which boot of the machine this is.
public enum Boot {
  /// The kernel's boot id, 32 hexadecimal digits.
  ///
  /// `ProcSubset=pid` hides the kernel's file from a sandboxed unit, so the unit passes the same
  /// number as `KINORA_BOOT_ID=%b`. Without both it is a number of this process: then nothing that
  /// is kept for "this boot" survives a restart, which is safe.
  public static func id() -> String {
    if let text = contents("/proc/sys/kernel/random/boot_id"), let id = normalized(text) {
      return id
    }
    if let text = getenv("KINORA_BOOT_ID"), let id = normalized(String(cString: text)) { return id }
    return thisProcess
  }

  private static let thisProcess = SystemEntropy().bytes(16).hexadecimal

  /// 32 digits, with or without the dashes of a UUID; nil for anything else.
  public static func normalized(_ text: String) -> String? {
    let digits = text.lowercased().filter { $0.isHexDigit }
    let rest = text.filter { !$0.isHexDigit && $0 != "-" && !$0.isWhitespace }
    return digits.count == 32 && rest.isEmpty ? digits : nil
  }

  private static func contents(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
