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

  /// What became of a renewed token.
  enum Kept: Equatable {
    case written
    /// The file has got another login meanwhile, and is left alone.
    case foreign
    /// Why it could not be written.
    case failed(String)
  }

  /// Puts a renewed token into the file, whole or not at all, mode 0600, its owner and all other
  /// members as they were. `used` is the refresh token that the file had when it was read.
  func keep(
    _ token: String, until: Milliseconds, refresh: String?, madeWith used: Secret?
  ) -> Kept {
    guard let json else { return .foreign }
    let object = members.reduce(json) { $0[$1] ?? .null }
    let present = Secret(object["refresh_token"]?.string ?? "")
    guard object.members != nil, used?.matches(present) == true else { return .foreign }
    let end = Self.ends.first { object[$0] != nil } ?? Self.ends[0]
    var new = object.setting("access_token", .string(token))
      .setting(end, .string(UTC.timestamp(until)))
    if let refresh { new = new.setting("refresh_token", .string(refresh)) }
    let bytes = Self.put(new, at: members[...], in: json).bytes + [0x0a]
    return PrivateFile.replace(path, with: bytes).map { .failed($0) } ?? .written
  }

  /// Why nothing could be written here, as far as that shows beforehand; nil when something could.
  var obstacle: String? {
    guard access(path, F_OK) == 0, let slash = path.lastIndex(of: "/") else { return nil }
    let folder = String(path[..<slash])
    return access(folder.isEmpty ? "/" : folder, W_OK) == 0
      ? nil : String(cString: strerror(errno))
  }

  // MARK: The file

  private var json: JSON? {
    PrivateFile.read(path, longest: Self.longest).flatMap { try? JSON.parse($0) }
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
