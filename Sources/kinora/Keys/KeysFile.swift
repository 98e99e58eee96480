import CSys
import Glibc
import KinoraModel

/// The keys of TCP clients: lines `ID SHA256 created=TIME [client=NAME]`, read by the daemon.
struct KeysFile {
  /// One key. The key itself stands nowhere.
  struct Key {
    var id: String
    /// SHA-256 in hexadecimal.
    var hash: String
    var created: String?
    var client: String?

    init(id: String, hash: String, created: String?, client: String?) {
      self.id = id
      self.hash = hash
      self.created = created
      self.client = client
    }

    init?(line: Substring) {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard words.count >= 2, !words[0].hasPrefix("#") else { return nil }
      func value(_ name: String) -> String? {
        words.dropFirst(2).first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
      }
      self.init(
        id: String(words[0]), hash: words[1].lowercased(), created: value("created="),
        client: value("client="))
    }

    var line: String {
      var words = [id, hash]
      if let created { words.append("created=\(created)") }
      if let client { words.append("client=\(client)") }
      return words.joined(separator: " ")
    }
  }

  let path: String

  /// Every line as it stands, without line ends.
  private func lines() throws(Failure) -> [Substring] {
    guard let bytes = Files.read(path, most: 4 << 20) else {
      throw .system("cannot read \(path)", systemErrorNumber(), .notAllowed)
    }
    var lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// The keys, in the order of the file. Throws when it cannot be read.
  func keys() throws(Failure) -> [Key] { try lines().compactMap { Key(line: $0) } }

  /// Adds a key. A file that is not there is made. Throws when its id is taken.
  func add(_ key: Key) throws(Failure) {
    try locked { () throws(Failure) in
      let before = Files.exists(path) ? try lines() : []
      guard !before.contains(where: { Key(line: $0)?.id == key.id }) else {
        throw Failure(
          exit: .usage, what: "there is a key \(key.id) already",
          todo: ["another name, or first: kinora keys revoke \(Shell.quoted(key.id))"])
      }
      try replace(before + [key.line[...]])
    }
  }

  /// Takes a key out. Throws `notFound` where there is none of this id.
  func remove(_ id: String) throws(Failure) -> Key {
    var removed: Key?
    try locked { () throws(Failure) in
      let before = try lines()
      removed = before.lazy.compactMap { Key(line: $0) }.first { $0.id == id }
      if removed != nil { try replace(before.filter { Key(line: $0)?.id != id }) }
    }
    guard let removed else {
      throw Failure(
        exit: .notFound, what: "there is no key \(Shell.quoted(id)) in \(path)",
        todo: ["kinora keys list"])
    }
    return removed
  }

  /// Two that write at the same time must not undo each other: the folder is the lock.
  private func locked(_ body: () throws(Failure) -> Void) throws(Failure) {
    let folder = open(Files.folder(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else {
      throw .system("cannot open \(Files.folder(path))", errno, .notAllowed)
    }
    defer { close(folder) }
    while flock(folder, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .system("cannot lock \(Files.folder(path))", errno) }
    }
    try body()
  }

  /// Writes beside it and renames over it. Owner and mode stay; a new file is for its owner and for
  /// the group of its folder.
  private func replace(_ lines: [Substring]) throws(Failure) {
    var info = stat()
    let isThere = stat(path, &info) == 0
    if !isThere, stat(Files.folder(path), &info) == 0 { info.st_uid = .max }
    let beside = "\(path).new"
    unlink(beside)
    let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system("cannot write \(beside)", errno, .notAllowed) }
    defer { close(descriptor) }
    let text = lines.map { "\($0)\n" }.joined()
    let isOwned = fchown(descriptor, info.st_uid, info.st_gid) == 0 || !isThere
    guard isOwned, fchmod(descriptor, isThere ? info.st_mode & 0o777 : 0o640) == 0,
      Files.append(descriptor, Array(text.utf8)), fsync(descriptor) == 0,
      rename(beside, path) == 0
    else {
      let number = errno
      unlink(beside)
      throw .system("cannot write \(path)", number, .notAllowed)
    }
  }
}
