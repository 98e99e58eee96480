import Glibc
import KinoraModel

/// A stored result, opened for an answer.
enum StoredFile {
  /// The descriptor of the file, which the caller closes. Throws `artifactExpired` where it is gone or
  /// has another length than it was stored with: an answer with the stored length would be cut short.
  static func open(_ path: String, bytes: Int64, of job: JobID?) throws(KinoraError) -> Int32 {
    let name = job.map { "the file of \($0)" } ?? "the file"
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw KinoraError(.artifactExpired, "\(name) was removed") }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, Int64(facts.st_size) == bytes else {
      close(descriptor)
      throw KinoraError(
        .artifactExpired,
        "\(name) is damaged: \(facts.st_size) of its \(bytes) bytes are in the state directory")
    }
    return descriptor
  }
}
