import KinoraCore
import KinoraModel
import Testing

/// What a person reads who finds a job held, over all that leads there.
@Suite("The text of a held job")
struct HeldTextTests {
  struct Way: CustomTestStringConvertible, Sendable {
    var what: String
    var command: String
    var course: @Sendable () -> Course
    var testDescription: String { what }
  }

  private static let list = "--adopt PROVIDER_ID, --not-charged or --give-up"

  /// All ways into `held` that the rules have, but an illegal move (see `MoveTests`).
  static let ways: [Way] = [
    Way(what: "the connection ended before a whole answer came: it broke", command: list) {
      var course = Course()
      course.lose()
      return course
    },
    Way(what: "an edge in front of the provider answered HTML with status 200", command: list) {
      var course = Course()
      course.submit()
      course.give(.paid(200, "<html>", type: "text/html"))
      return course
    },
    Way(what: "the answer with status 500 proves nothing: no", command: list) {
      var course = Course()
      course.submit()
      course.give(.paid(500))
      course.give(.stepped(.fail(.unavailable)))
      return course
    },
    Way(what: "the plugin could not read the answer with status 200", command: list) {
      var course = Course()
      course.submit()
      course.give(.paid(200))
      course.give(.stepped(.unsupported))
      return course
    },
    Way(what: "the plugin took an answer with status 500 for an acceptance", command: list) {
      var course = Course()
      course.submit()
      course.give(.paid(500))
      course.give(.stepped(.wait(1000)))
      return course
    },
    Way(what: "the daemon ended while the paid request was under way", command: list) {
      var course = Course()
      course.submit()
      _ = course.restart(hasIntent: true)
      return course
    },
    Way(what: "the journal knows a permit that the database does not", command: list) {
      var course = Course()
      _ = course.restart(hasIntent: true)
      return course
    },
    Way(what: "the plugin trapped", command: list) {
      var course = Course()
      course.submit()
      course.give(.paid(200))
      course.give(.stepFailed(KinoraError(.pluginFault, "the plugin trapped.")))
      return course
    },
    Way(what: "the connection ended before a whole answer came: it broke", command: list) {
      var course = Course { $0.reconcile = .byTag }
      course.lose()
      course.pass(Limits.unknownHoldsPlace)
      course.give(.timer)
      return course
    },
    Way(what: "the plugin wanted to pay again while looking the job up", command: list) {
      var course = Course { $0.reconcile = .byTag }
      course.lose()
      course.give(.timer)
      course.give(.stepped(.pay))
      return course
    },
    Way(what: "a paid request before this one was accepted: it broke", command: list) {
      var course = Course { $0.paidSends = 2 }
      course.submit()
      course.give(.paid(200))
      course.give(.stepped(.pay))
      course.give(.unsent)
      return course
    },
    Way(
      what:
        "the plugin wants paid request 2 of an attempt, its catalog says 1; that one was not sent",
      command: list
    ) {
      var course = Course()
      course.submit()
      course.give(.paid(200))
      course.give(.stepped(.pay))
      return course
    },
    Way(
      what: "the provider did not accept our credential while the job was running: 401",
      command: "--adopt p1"
    ) {
      var course = Course()
      course.run()
      course.give(.stepped(.fail(.unauthenticated, "401")))
      return course
    },
    Way(what: "it broke", command: "--adopt p1") {
      var course = Course()
      course.run()
      for _ in 0..<6 {
        course.give(.answered(JobInput.failed(.no, .credentialMissing), isPaid: false))
      }
      return course
    },
    Way(what: "the plugin is not loaded", command: "--adopt p1") {
      var course = Course()
      course.run()
      course.give(.stepFailed(KinoraError(.unavailable, "the plugin is not loaded")))
      return course
    },
    Way(what: "the plugin wanted to pay for an accepted job again", command: "--adopt p1") {
      var course = Course()
      course.run()
      course.give(.stepped(.pay))
      return course
    },
    Way(what: "the plugin does not know how to go on with this job", command: "--adopt p1") {
      var course = Course()
      course.run()
      course.give(.stepped(.unsupported))
      return course
    },
    Way(
      what: "the plugin names a file as result that the answer did not bring",
      command: "--adopt p1"
    ) {
      var course = Course()
      course.run()
      course.give(
        .stepped(
          PluginStep(verdict: .succeed(Array(#"{"assets":[{"spool":"s0"}]}"#.utf8)))))
      return course
    },
    Way(what: "the plugin cannot adopt p7: no", command: list) {
      var course = Course()
      course.run()
      course.give(.stepped(.unsupported))
      course.give(.resolved(.adopt("p7")))
      course.give(.stepped(.fail(.notFound)))
      return course
    },
    Way(
      what: "this provider's plugin cannot adopt a job by its id",
      command: "--not-charged or --give-up"
    ) {
      var course = Course()
      course.lose()
      course.give(.resolved(.adopt("p7")))
      course.give(.stepped(.unsupported))
      return course
    },
  ]

  @Test("says once what happened, that it may be charged, and the command", arguments: ways)
  func says(_ way: Way) {
    let course = way.course()
    #expect(course.state == .held)
    #expect(course.record.heldTextFaults == [])
    let text = course.record.failure?.message ?? ""
    #expect(text.hasPrefix("\(way.what). It may have been charged by a (about $0.50); "), "\(text)")
    #expect(text.hasSuffix(": kinora jobs resolve video_1 \(way.command)"), "\(text)")
  }
}

extension JobRecord {
  /// What is wrong with the text of a held job.
  var heldTextFaults: [String] {
    let text = failure?.message ?? ""
    return ["may have been charged", "do not repeat", "kinora jobs resolve \(id) "].compactMap {
      let count = text.lowercased().ranges(of: $0).count
      return count == 1 ? nil : "\(count) times “\($0)” in: \(text)"
    }
  }
}
