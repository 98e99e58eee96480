import Foundation
import Glibc

/// The queue on which a session's delegate is told things, one after another.
///
/// Foundation on Linux makes an operation of about 2 KiB for every 16 KiB that arrive and never waits
/// for the delegate: four downloads of 200 MB at loopback speed held 110 MB of operations. Here the
/// session's own thread waits while many are unheard, which holds back the sender.
final class DelegateQueue: OperationQueue, @unchecked Sendable {
  /// Operations that may wait to be heard.
  private static let most = 32
  /// Microseconds between two looks, and how often is looked. The wait has an end because who cancels
  /// a task needs the very thread that waits here.
  private static let pause: UInt32 = 100
  private static let looks = 2000

  override init() {
    super.init()
    maxConcurrentOperationCount = 1
    name = "kinora-urlsession"
  }

  override func addOperation(_ operation: Operation) {
    super.addOperation(operation)
    var looks = 0
    while operationCount > Self.most, looks < Self.looks {
      usleep(Self.pause)
      looks += 1
    }
  }
}
