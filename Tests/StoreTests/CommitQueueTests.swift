import KinoraStore
import Testing

@Suite struct CommitQueueTests {
  @Test("One client gets at most a quarter of a batch while others wait")
  func fairness() {
    var queue = CommitQueue<String>(most: 8)
    for i in 0..<20 { queue.append("a\(i)", lane: "a") }
    queue.append("b0", lane: "b")
    queue.append("c0", lane: "c")
    // Two of a, then the others; the room that is left goes to the one that waits.
    #expect(queue.next() == ["a0", "a1", "a2", "a3", "a4", "a5", "b0", "c0"])
    #expect(queue.next() == (6..<14).map { "a\($0)" })
  }

  @Test("A crowd of clients passes the one that came first with much")
  func crowd() {
    var queue = CommitQueue<String>(most: 8)
    for i in 0..<20 { queue.append("a\(i)", lane: "a") }
    for i in 0..<6 { queue.append("x\(i)", lane: "client\(i)") }
    #expect(queue.next() == ["a0", "a1", "x0", "x1", "x2", "x3", "x4", "x5"])
  }

  @Test("A member without a client keeps its place against all")
  func barrier() {
    var queue = CommitQueue<String>(most: 4)
    queue.append("a0", lane: "a")
    queue.append("ping", lane: nil)
    queue.append("ping", lane: nil)
    queue.append("a1", lane: "a")
    #expect(queue.next() == ["a0"])
    #expect(queue.next() == ["ping", "ping"])
    #expect(queue.next() == ["a1"])
    #expect(queue.next() == [])
  }

  @Test("Whatever the lanes, each keeps its order and nothing is lost")
  func orders() {
    var random = SeededRandom(1)
    for _ in 0..<200 {
      var queue = CommitQueue<(lane: Int, number: Int)>(most: Int.random(in: 1...9, using: &random))
      var sent = 0
      var got: [(lane: Int, number: Int)] = []
      while sent < 60 {
        for _ in 0..<Int.random(in: 0...12, using: &random) {
          let lane = Int.random(in: 0...3, using: &random)
          queue.append((lane, sent), lane: lane == 0 ? nil : "\(lane)")
          sent += 1
        }
        got += queue.next()
      }
      while !queue.isEmpty { got += queue.next() }
      #expect(got.map(\.number).sorted() == Array(0..<sent))
      for lane in 0...3 {
        let numbers = got.filter { $0.lane == lane }.map(\.number)
        #expect(numbers == numbers.sorted())
      }
    }
  }
}
