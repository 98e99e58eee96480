/// The ELF note that the host reads before it maps the file; `KN_NOTE` is its C form.
///
/// Eight words: name size, size, type, the name "kinora" padded to 8, then ours: ABI major, ABI minor,
/// runtime. One in the SDK is enough, authors need do nothing.
typealias ELFNote = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

// Swift has no stable ABI on Linux, so a plugin says which toolchain built it and the host refuses
// another one. The compiler picks the line, nobody has to remember a version; a section takes literals
// only, hence the whole note on each. A patch newer than the last line counts as that one. The host's
// ladder is KinoraPluginHost/Runtime.swift.
#if compiler(>=6.5)
  #error("add this toolchain here and in KinoraPluginHost/Runtime.swift")
#elseif compiler(>=6.4)
  @section(".note.kinora") @used
  let kinoraNote: ELFNote = (7, 12, 1, 0x6f6e_696b, 0x0000_6172, 1, 1, 0x06_04_00)
#elseif compiler(>=6.3.3)
  @section(".note.kinora") @used
  let kinoraNote: ELFNote = (7, 12, 1, 0x6f6e_696b, 0x0000_6172, 1, 1, 0x06_03_03)
#elseif compiler(>=6.3.2)
  @section(".note.kinora") @used
  let kinoraNote: ELFNote = (7, 12, 1, 0x6f6e_696b, 0x0000_6172, 1, 1, 0x06_03_02)
#elseif compiler(>=6.3.1)
  @section(".note.kinora") @used
  let kinoraNote: ELFNote = (7, 12, 1, 0x6f6e_696b, 0x0000_6172, 1, 1, 0x06_03_01)
#else
  @section(".note.kinora") @used
  let kinoraNote: ELFNote = (7, 12, 1, 0x6f6e_696b, 0x0000_6172, 1, 1, 0x06_03_00)
#endif
