/// A shared object as bytes, read without mapping it: what it is, its note, its symbols.
///
/// Every offset comes from the file and is checked; a damaged file gives nil or nothing, never a trap.
/// Layout: the System V ABI's ELF-64, little-endian, which is all that a daemon here can load.
struct ELFFile {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Why the file cannot be a library of this machine; nil when it can.
  var problem: String? {
    guard bytes.count >= 64, bytes[0...3] == [0x7f, 0x45, 0x4c, 0x46] else {
      return "it is no ELF file"
    }
    guard bytes[4] == 2, bytes[5] == 1 else { return "it is not 64-bit little-endian ELF" }
    guard word16(16) == 3 else { return "it is not a shared object (build it with -shared)" }
    guard let machine = word16(18), machine == ELFFile.machine else {
      return "it is for another machine (ELF machine \(word16(18) ?? 0))"
    }
    // The table of sections is written last: a copy that was cut lacks it.
    if let table = word64(40), let size = word16(58), let count = word16(60), table > 0 {
      let (end, isAbsurd) = table.addingReportingOverflow(UInt64(size) * UInt64(count))
      if isAbsurd || end > UInt64(bytes.count) {
        return "it is cut short or damaged: it has \(bytes.count) bytes and names more; "
          + "copy it again"
      }
    }
    return nil
  }

  #if arch(x86_64)
    private static let machine: UInt16 = 62
  #elseif arch(arm64)
    private static let machine: UInt16 = 183
  #else
    private static let machine: UInt16 = 243
  #endif

  /// What a plugin's note says.
  struct Note: Equatable {
    /// ABI major.
    var major: UInt32
    /// ABI minor.
    var minor: UInt32
    /// 0 for C, else the Swift toolchain, 0x060301.
    var runtime: UInt32
  }

  /// The note of `KN_NOTE`, from the segments that are marked as notes.
  var note: Note? {
    guard let table = word64(32), let size = word16(54), let count = word16(56), size >= 56 else {
      return nil
    }
    for i in 0..<Int(count) {
      guard let at = Int(exactly: table).map({ $0 &+ i &* Int(size) }), word32(at) == 4,
        let start = word64(at + 8).flatMap(Int.init(exactly:)),
        let length = word64(at + 32).flatMap(Int.init(exactly:)), start >= 0, length >= 0,
        start <= bytes.count, length <= bytes.count - start
      else { continue }
      // Linkers join notes of different alignment into one segment: look at every word.
      var p = start
      while p + 32 <= start + length {
        if word32(p) == 7, word32(p + 4) == 12, word32(p + 8) == 1,
          bytes[p + 12..<p + 20].elementsEqual("kinora\0\0".utf8),
          let major = word32(p + 20), let minor = word32(p + 24), let runtime = word32(p + 28)
        {
          return Note(major: major, minor: minor, runtime: runtime)
        }
        p += 4
      }
    }
    return nil
  }

  /// Names of defined dynamic symbols, local ones left out.
  var exports: [String] {
    guard let table = word64(40).flatMap(Int.init(exactly:)), let size = word16(58),
      let count = word16(60), size >= 64
    else { return [] }
    func section(_ i: Int) -> (type: UInt32, link: Int, start: Int, length: Int)? {
      let at = table &+ i &* Int(size)
      guard i >= 0, i < count, let type = word32(at + 4), let link = word32(at + 40),
        let start = word64(at + 24).flatMap(Int.init(exactly:)),
        let length = word64(at + 32).flatMap(Int.init(exactly:)), start >= 0, length >= 0,
        start <= bytes.count, length <= bytes.count - start
      else { return nil }
      return (type, Int(link), start, length)
    }
    var names: [String] = []
    for i in 0..<Int(count) {
      guard let symbols = section(i), symbols.type == 11, let strings = section(symbols.link) else {
        continue
      }
      for at in stride(from: symbols.start, to: symbols.start + symbols.length - 23, by: 24) {
        guard let name = word32(at), name > 0, Int(name) < strings.length,
          let index = word16(at + 6), index != 0, bytes[at + 4] >> 4 != 0
        else { continue }
        let text = bytes[strings.start + Int(name)..<strings.start + strings.length]
        names.append(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self))
      }
    }
    return names.sorted()
  }

  private func word16(_ at: Int) -> UInt16? { word(at, 2).map { UInt16(truncatingIfNeeded: $0) } }
  private func word32(_ at: Int) -> UInt32? { word(at, 4).map { UInt32(truncatingIfNeeded: $0) } }
  private func word64(_ at: Int) -> UInt64? { word(at, 8) }

  private func word(_ at: Int, _ count: Int) -> UInt64? {
    guard at >= 0, at <= bytes.count - count else { return nil }
    return bytes[at..<at + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
