import KinoraModel
import Synchronization

/// A clock on the wall that stands until it is put forward.
final class Wall: KinoraModel.Clock {
  let time = Mutex<Int64>(1_800_000_000_000)
  func now() -> Milliseconds { time.withLock { $0 } }
  func steady() -> Milliseconds { 0 }
  func sleep(untilSteady: Milliseconds) async {}
  func advance(_ seconds: Int64) { time.withLock { $0 += seconds * 1000 } }
}
