import CSys
import Glibc

/// One job's own copy of a rendered file, in an unnamed file.
///
/// A video ends with a `free` box that names the job, so two jobs never have the same bytes and a
/// mix-up shows. The box is as long as the job asks, which makes large videos cheap.
struct Asset: Sendable {
  let descriptor: Int32
  let length: Int64

  /// Nil when the disk refuses; errno says why.
  init?(job: Job, rendered path: String, folder: String) {
    let source = open(path, O_RDONLY | O_CLOEXEC)
    guard source >= 0 else { return nil }
    defer { close(source) }
    let copy = kn_tmpfile(folder, 0o600)
    guard copy >= 0 else { return nil }
    var left = Int(lseek(source, 0, SEEK_END))
    var offset: off_t = 0
    while left > 0 {
      let n = kn_sendfile(copy, source, &offset, left)
      guard n > 0 else {
        close(copy)
        return nil
      }
      left -= n
    }
    var total = Int64(offset)
    if job.shape.container == .mp4 {
      let (head, size) = Self.freeBox(job)
      total += size
      guard Files.write(copy, head), ftruncate(copy, Int(total)) == 0 else {
        close(copy)
        return nil
      }
    }
    descriptor = copy
    length = total
  }

  /// The box's first bytes and its whole size (ISO/IEC 14496-12, 8.1.2).
  private static func freeBox(_ job: Job) -> ([UInt8], Int64) {
    let text = Array("kinora-sim:\(job.id)\n".utf8)
    let size = min(Int64(8 + text.count) + job.padding, Int64(UInt32.max))
    let head = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: size >> $0) }
    return (head + "free".utf8 + text, size)
  }
}
