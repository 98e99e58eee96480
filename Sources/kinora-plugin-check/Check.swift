import KinoraModel
import KinoraPluginHost

/// One thing a plugin must do, and why.
struct Check: Sendable {
  /// A word for reports.
  let name: String
  /// One sentence: what is demanded.
  let demand: String
  /// What was found, in words, when it is met; throws with what is wrong.
  let body: @Sendable (Subject) throws(KinoraError) -> String

  /// All checks, in the order in which a host meets the plugin.
  static let all: [Check] = file + contract + reach + robustness
}

/// The plugin under test.
struct Subject: Sendable {
  let file: PluginFile
  let transcripts: String?
  let rewrites: Bool

  /// The plugin, mapped into this process.
  func plugin() throws(KinoraError) -> LoadedPlugin {
    do throws(PluginFile.Refusal) {
      return try file.open()
    } catch {
      throw KinoraError(.configuration, error.detail)
    }
  }

  /// Events to try: made from the catalog, and those of the transcripts.
  func events(_ plugin: LoadedPlugin) throws(KinoraError) -> [PluginEvent] {
    var events = Battery.events(plugin)
    if let transcripts {
      for file in try TranscriptFolder(transcripts).files {
        events += try file.transcript.events(plugin)
      }
    }
    return events
  }
}

/// A check that failed.
func wrong(_ message: String) -> KinoraError { KinoraError(.pluginFault, message) }
