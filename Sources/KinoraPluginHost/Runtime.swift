/// The Swift toolchain that built this host, in the form of the ELF note: 6.3.1 is 0x060301.
///
/// The SDK has the same ladder (KinoraPlugin/Note.swift); a test compares the two.
enum Runtime {
  #if compiler(>=6.5)
    #error("add this toolchain here and in KinoraPlugin/Note.swift")
  #elseif compiler(>=6.4)
    static let number: UInt32 = 0x06_04_00
  #elseif compiler(>=6.3.3)
    static let number: UInt32 = 0x06_03_03
  #elseif compiler(>=6.3.2)
    static let number: UInt32 = 0x06_03_02
  #elseif compiler(>=6.3.1)
    static let number: UInt32 = 0x06_03_01
  #else
    static let number: UInt32 = 0x06_03_00
  #endif

  /// `Swift 6.3.1`, or `C` for 0.
  static func name(_ number: UInt32) -> String {
    number == 0 ? "C" : "Swift \(number >> 16).\(number >> 8 & 0xff).\(number & 0xff)"
  }
}
