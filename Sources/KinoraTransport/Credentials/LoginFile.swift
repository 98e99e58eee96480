import Glibc
import KinoraModel

/// A login that another program keeps as a JSON file, as proxies for command lines do: a refresh
/// token, and the access token that was made of it last.
///
/// The members are those of CLIProxyAPI's auth files: `access_token`, `refresh_token`, and its end as
/// `expiry` or `expired` in RFC 3339, in the object `token` or at the top; `disabled` at the top.
struct LoginFile: Sendable {
  /// Where it lies.
  let path: String
  /// The way from the top to the object with the tokens.
  let members: [String]

  private static let ends = ["expiry", "expired"]
  /// A file of tokens has two kilobytes.
  private static let longest = 64 * 1024

  /// False where its owner has switched it off.
  var isEnabled: Bool { json?["disabled"]?.bool != true }

  /// The access token and when it ends; nil for none.
  var token: (secret: Secret, until: Milliseconds)? {
    guard let object = json.map({ members.reduce($0) { $0[$1] ?? .null } }),
      let token = object["access_token"]?.string, !token.isEmpty,
      let end = Self.ends.lazy.compactMap({ object[$0]?.string }).first.flatMap(Self.moment)
    else { return nil }
    return (Secret(token), end)
  }

  /// Puts a renewed token into the file, whole or not at all, mode 0600, its owner and all other
  /// members as they were. A file that has got another login meanwhile is left alone, and so is one
  /// that cannot be written: the token then lives as long as the process.
  func keep(_ token: String, until: Milliseconds, refresh: String?, madeWith used: Secret?) {
    guard let json else { return }
    let object = members.reduce(json) { $0[$1] ?? .null }
    let present = Secret(object["refresh_token"]?.string ?? "")
    guard object.members != nil, used?.matches(present) == true else { return }
    let end = Self.ends.first { object[$0] != nil } ?? Self.ends[0]
    var new = object.setting("access_token", .string(token))
      .setting(end, .string(UTC.timestamp(until)))
    if let refresh { new = new.setting("refresh_token", .string(refresh)) }
    replace(Self.put(new, at: members[...], in: json).bytes + [0x0a])
  }

  // MARK: The file

  private var json: JSON? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.longest) { buffer, count in
      while count < buffer.count {
        let n = read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        if n < 0, errno == EINTR { continue }
        if n <= 0 { break }
        count += n
      }
    }
    return try? JSON.parse(bytes)
  }

  private func replace(_ bytes: [UInt8]) {
    guard let slash = path.lastIndex(of: "/") else { return }
    // A name with a dot: no pattern of logins takes it for one.
    let fresh = "\(path[...slash]).\(path[path.index(after: slash)...]).new"
    var info = stat()
    unlink(fresh)
    let file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0, stat(path, &info) == 0 else { return }
    var done = 0
    while done < bytes.count {
      let n = bytes.withUnsafeBytes {
        write(file, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if n < 0, errno == EINTR { continue }
      if n <= 0 { break }
      done += n
    }
    let isOwned = info.st_uid == geteuid() || fchown(file, info.st_uid, info.st_gid) == 0
    let isWhole = done == bytes.count && fsync(file) == 0 && isOwned
    close(file)
    if !isWhole || rename(fresh, path) != 0 { unlink(fresh) }
  }

  private static func put(_ new: JSON, at way: ArraySlice<String>, in json: JSON) -> JSON {
    guard let name = way.first else { return new }
    return json.setting(name, put(new, at: way.dropFirst(), in: json[name] ?? .null))
  }

  /// RFC 3339 with `Z` or with an offset, which Go writes.
  private static func moment(_ text: String) -> Milliseconds? {
    if let at = UTC.parse(text) { return at }
    let zone = Array(text.suffix(6).utf8)
    guard zone.count == 6, zone[0] == 0x2b || zone[0] == 0x2d,
      let hours = Int64(text.suffix(5).prefix(2)), let minutes = Int64(text.suffix(2)),
      let local = UTC.parse(text.dropLast(6) + "Z")
    else { return nil }
    let offset = (hours * 60 + minutes) * 60_000
    return zone[0] == 0x2b ? local - offset : local + offset
  }
}
