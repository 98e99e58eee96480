import Glibc
import KinoraModel

/// `options` of a provider, and `options_from`: options that stand elsewhere.
///
/// ```yaml
/// options: {fps: 16}
/// options_from:
///   workflow: {file: /etc/kinora/wan.json}   # JSON; read with the configuration, so a reload reads it again
///   fps: {env: COMFYUI_VIDEO_FPS}            # blank or not set: the option stays as it is
/// ```
/// What they mean only the plugin knows. No secrets: a plugin sees its options, `kinora config` shows them.
extension Configuration {
  static func options(_ section: SectionReader) -> JSON {
    var options = section.json("options") ?? .object([])
    if options.members == nil {
      section.error("options", "must be a section")
      options = .object([])
    }
    guard let elsewhere = section.section("options_from") else { return options }
    for (name, source) in elsewhere.sections() {
      let file = source.string("file")
      let variable = source.string("env")
      source.finish()
      switch (file, variable) {
      case (let path?, nil):
        if let json = read(path, source) { options = options.setting(name, json) }
      case (nil, let variable?):
        if let json = SectionReader.json(environment: variable) {
          options = options.setting(name, json)
        }
      default:
        source.errors.add(source.place, "\(source.path): write one of file or env")
      }
    }
    return options
  }

  private static func read(_ path: String, _ source: SectionReader) -> JSON? {
    guard path.hasPrefix("/") else {
      source.error("file", "must be an absolute path")
      return nil
    }
    guard let bytes = ConfigurationFiles.read(path) else {
      source.error("file", "\(path) cannot be read: \(String(cString: strerror(errno)))")
      return nil
    }
    do {
      return try JSON.parse(bytes)
    } catch {
      source.error("file", "\(path) is not JSON: \(error.reason) at byte \(error.offset)")
      return nil
    }
  }
}
