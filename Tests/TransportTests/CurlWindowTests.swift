import KinoraTransport
import Testing

/// How long a download by curl waits for others.
@Suite struct CurlWindowTests {
  static let poll = Duration.milliseconds(250)

  @Test("a download waits for company only where another job was polled in the last minute")
  func company() {
    var window = CurlWindow(poll: Self.poll)
    #expect(window.download(beside: 0, at: 0) == Self.poll)
    window.note("https://host/jobs/1", at: 0)
    window.note("https://host/jobs/1", at: 5_000)
    #expect(window.download(beside: 0, at: 6_000) == Self.poll)
    window.note("https://host/jobs/2", at: 7_000)
    #expect(window.download(beside: 0, at: 8_000) == CurlWindow.download)
    #expect(window.download(beside: 0, at: 65_001) == Self.poll)
  }

  @Test("each process beside it doubles the wait, to an end")
  func beside() {
    var window = CurlWindow(poll: Self.poll)
    for job in 0..<100 { window.note("https://host/jobs/\(job)", at: 0) }
    let waits = (0..<5).map { window.download(beside: $0, at: 1) }
    #expect(waits.map(\.components.seconds) == [1, 2, 4, 4, 4])
  }
}
