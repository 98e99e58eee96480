import KinoraCore
import KinoraModel
import Testing

/// Whose turn it is, and where one stands.
@Suite struct QueueTests {
  private static func id(_ name: String) -> JobID { JobID(rawValue: name) }

  @Test("clients take turns, however many jobs one of them has [P6]")
  func turns() {
    var fair = FairQueue { _ in 0 }
    fair.setLimit(provider: "p", 0)
    for n in 0..<5 { fair.add(Self.id("a\(n)"), client: "a", provider: "p") }
    for n in 0..<5 { fair.add(Self.id("b\(n)"), client: "b", provider: "p") }
    for n in 0..<2 { fair.add(Self.id("c\(n)"), client: "c", provider: "p") }
    var order: [String] = []
    while let job = fair.next(provider: "p") { order.append(job.rawValue) }
    #expect(
      order == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "a3", "b3", "a4", "b4"])
  }

  @Test("a place in the queue is the order of the turns to come [A103]")
  func places() {
    var fair = FairQueue { client in client == "greedy" ? 1 : 0 }
    fair.setLimit(provider: "p", 2)
    for n in 0..<4 { fair.add(Self.id("g\(n)"), client: "greedy", provider: "p") }
    fair.add(Self.id("m0"), client: "modest", provider: "p")
    fair.add(Self.id("m1"), client: "modest", provider: "p")
    fair.add(Self.id("x0"), client: "x", provider: "elsewhere")
    #expect(fair.place(of: Self.id("g0"))?.position == 1)
    #expect(fair.place(of: Self.id("m1"))?.position == 4)
    #expect(
      fair.place(of: Self.id("g3"))
        == QueuePlace(position: 6, waiting: 6, running: 0, limit: 2))
    #expect(fair.place(of: Self.id("x0"))?.position == 1)
    // What is told is what happens: both places, the greedy one once.
    #expect(fair.next(provider: "p") == Self.id("g0"))
    #expect(fair.next(provider: "p") == Self.id("m0"))
    #expect(fair.next(provider: "p") == nil)
    #expect(fair.place(of: Self.id("g0")) == nil)
    #expect(
      fair.place(of: Self.id("g1")) == QueuePlace(position: 1, waiting: 4, running: 2, limit: 2))
    #expect(fair.place(of: Self.id("nobody")) == nil)
  }
}
