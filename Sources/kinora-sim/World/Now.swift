import Glibc
import KinoraModel

/// Milliseconds since 1970: jobs go on through a restart of the simulator.
func now() -> Milliseconds {
  var t = timespec()
  clock_gettime(CLOCK_REALTIME, &t)
  return Int64(t.tv_sec) * 1000 + Int64(t.tv_nsec) / 1_000_000
}
