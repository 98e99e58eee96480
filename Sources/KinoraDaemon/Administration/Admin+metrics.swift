import Glibc
import KinoraAPI
import KinoraHTTP
import KinoraModel
import KinoraStore

extension Admin {
  func metrics() async -> [MetricFamily] {
    let store = parts.state.store.statistics
    var families = [
      MetricFamily(
        "kinora_store_commits_total", "Transactions, each with one fsync.", .counter,
        Double(store.commits)),
      MetricFamily(
        "kinora_store_changes_total", "Changes in those transactions.", .counter,
        Double(store.members)),
    ]
    if let http = parts.server.server?.statistics {
      families.append(
        MetricFamily(
          "kinora_http_connections", "Connections that stand.", .gauge, Double(http.open)))
      families.append(
        MetricFamily(
          "kinora_http_streams", "Event streams that stand.", .gauge, Double(http.streams)))
    }
    return families + Self.process()
  }

  private static func process() -> [MetricFamily] {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double {
      Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
    }
    var families = [
      MetricFamily(
        "process_cpu_seconds_total", "Processor time.", .counter,
        seconds(usage.ru_utime) + seconds(usage.ru_stime))
    ]
    // statm: size resident shared …, in pages (proc(5)).
    if let bytes = ConfigurationFiles.read("/proc/self/statm") {
      let words = String(decoding: bytes, as: UTF8.self).split(separator: " ")
      if words.count > 1, let pages = Double(words[1]) {
        families.append(
          MetricFamily(
            "process_resident_memory_bytes", "Resident memory.", .gauge,
            pages * Double(sysconf(Int32(_SC_PAGESIZE)))))
      }
    }
    return families
  }
}
