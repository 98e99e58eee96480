import Glibc
import KinoraAPI
import KinoraCore
import KinoraHTTP
import KinoraModel
import KinoraPluginHost
import KinoraSystem

/// kinorad, from its arguments to its end.
public enum Daemon {
  /// Runs the daemon; the result is the process's exit status (sysexits: 64 usage, 69 unavailable, 74
  /// storage, 78 configuration).
  public static func run(_ arguments: [String]) async -> Int32 {
    let options: Options
    switch Options.parse(arguments) {
    case .success(let parsed): options = parsed
    case .failure(let error):
      say(STDERR_FILENO, "kinorad: \(error.text)\n\n\(Options.usage)")
      return EX_USAGE
    }
    switch options.mode {
    case .help: say(STDOUT_FILENO, Options.usage)
    case .version: say(STDOUT_FILENO, "kinorad \(Version.current)\n")
    case .crashPoints:
      say(STDOUT_FILENO, TestSwitches.points.map { "\($0)\n" }.joined())
    case .check: return check(options)
    case .run: return await serve(options)
    }
    return 0
  }

  // MARK: Checking

  private static func check(_ options: Options) -> Int32 {
    let (configuration, errors) = load(options)
    var all = errors
    var notes: [String] = []
    if errors.isEmpty,
      let registry = try? PluginRegistry(
        PluginRegistry.Options(
          folders: configuration.pluginPath, disabled: configuration.disabledPlugins,
          sha256: configuration.pluginHashes), clock: SystemClock())
    {
      let made = Settings.make(configuration, plugins: registry.list())
      all += made.errors
      notes = made.settings.absent.sorted { $0.key < $1.key }.map {
        "note: \($0.key): \($0.value)\n"
      }
    }
    guard all.isEmpty else {
      say(STDERR_FILENO, all.map { $0.text + "\n" }.joined())
      return EX_CONFIG
    }
    say(STDERR_FILENO, notes.joined())
    say(STDOUT_FILENO, "\(options.configurations.joined(separator: ", ")): ok\n")
    return 0
  }

  static func load(_ options: Options) -> (Configuration, [ConfigurationError]) {
    var (configuration, errors) = ConfigurationFiles.load(options.configurations)
    configuration.pluginPath = options.pluginPath + configuration.pluginPath
    return (configuration, errors)
  }

  // MARK: Serving

  private static func serve(_ options: Options) async -> Int32 {
    let fingerprint = ConfigurationFiles.fingerprint(options.configurations)
    let (configuration, errors) = load(options)
    guard errors.isEmpty else {
      say(STDERR_FILENO, errors.map { $0.text + "\n" }.joined())
      return EX_CONFIG
    }
    let log = Log.system(
      identifier: "kinorad", minimum: LogLevel(word: configuration.logLevel) ?? .info)
    do throws(KinoraError) {
      let signals = try Signals.block()
      let descriptors = Hardening.apply()
      await Hardening.warmUp()
      let run = try await Run(
        options, configuration, fingerprint: fingerprint, log: log, descriptors: descriptors)
      try await run.start()
      await run.follow(signals)
      return 0
    } catch {
      log(.critical, "start.failed", error)
      return error.code == .configuration ? EX_CONFIG : EX_UNAVAILABLE
    }
  }

  private static func say(_ descriptor: Int32, _ text: String) {
    var text = text
    text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
  }
}
