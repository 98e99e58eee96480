import Glibc
import KinoraModel
import KinoraPluginHost

/// The program: every check, then a report.
enum PluginCheck {
  private struct Result {
    var check: Check
    var passed: Bool
    var detail: String
  }

  /// Runs the command line and gives the exit status.
  static func run(_ arguments: [String]) -> Int32 {
    guard let options = CheckOptions(arguments.dropFirst()) else {
      write(CheckOptions.usage + "\n", to: STDERR_FILENO)
      return 2
    }
    if options.wantsHelp {
      write(CheckOptions.usage + "\n", to: STDOUT_FILENO)
      return 0
    }
    if options.isListing {
      write(Check.all.map { "\(padded($0.name))\($0.demand)\n" }.joined(), to: STDOUT_FILENO)
      return 0
    }
    guard let real = realpath(folder(of: options.file), nil) else {
      write("\(options.file): no such folder\n", to: STDERR_FILENO)
      return 2
    }
    defer { free(real) }
    let base = options.file.split(separator: "/").last.map(String.init) ?? ""
    let root = String(cString: real)
    let subject = Subject(
      file: PluginFile(root == "/" ? "/\(base)" : "\(root)/\(base)"),
      transcripts: options.transcripts, rewrites: options.rewrites)
    if let name = options.child { return child(name, subject) }
    if options.isTiming { return printed { () throws(KinoraError) in try Timing.lines(subject) } }
    if options.showsCatalog {
      return printed { () throws(KinoraError) in try CatalogText.text(subject, options.models) }
    }
    let results = Check.all.map { check in
      result(check) { () throws(KinoraError) in
        options.isInProcess ? try check.body(subject) : try ChildRun.run(check, options)
      }
    }
    write(options.isJSON ? json(results, subject) : text(results), to: STDOUT_FILENO)
    return results.allSatisfy(\.passed) ? 0 : 1
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func printed(_ text: () throws(KinoraError) -> String) -> Int32 {
    do throws(KinoraError) {
      write(try text(), to: STDOUT_FILENO)
      return 0
    } catch {
      write("kinora-plugin-check: \(error.message)\n", to: STDERR_FILENO)
      return 1
    }
  }

  private static func child(_ name: String, _ subject: Subject) -> Int32 {
    guard let check = Check.all.first(where: { $0.name == name }) else { return 2 }
    let result = result(check) { () throws(KinoraError) in try check.body(subject) }
    let json: JSON = ["passed": .bool(result.passed), "detail": .string(result.detail)]
    write(json.text, to: STDOUT_FILENO)
    return result.passed ? 0 : 1
  }

  private static func result(_ check: Check, _ body: () throws(KinoraError) -> String) -> Result {
    do throws(KinoraError) {
      return Result(check: check, passed: true, detail: try body())
    } catch {
      return Result(check: check, passed: false, detail: error.message)
    }
  }

  private static func text(_ results: [Result]) -> String {
    var text = ""
    // A catalog that cannot be read fails nearly all of them; its reason is told once.
    let first = results.first { !$0.passed && ["table", "catalog"].contains($0.check.name) }
    var others: [String] = []
    for result in results {
      if let first, first.check.name != result.check.name, !result.passed,
        result.detail.hasSuffix(first.detail)
      {
        others.append(result.check.name)
        continue
      }
      let name = padded(result.check.name)
      text += result.passed ? "ok    \(name)\(result.detail)\n" : "FAIL  \(name)\(result.detail)\n"
      if !result.passed { text += "      \(String(repeating: " ", count: 12))" }
      if !result.passed { text += "demanded: \(result.check.demand)\n" }
    }
    if !others.isEmpty { text += "      for the same reason: \(others.joined(separator: " "))\n" }
    let failed = results.filter { !$0.passed }.count
    return text + "\(results.count - failed) passed, \(failed) failed\n"
  }

  private static func padded(_ name: String) -> String {
    name + String(repeating: " ", count: max(1, 12 - name.count))
  }

  private static func json(_ results: [Result], _ subject: Subject) -> String {
    let checks = results.map { result -> JSON in
      [
        "name": .string(result.check.name), "demand": .string(result.check.demand),
        "passed": .bool(result.passed), "detail": .string(result.detail),
      ]
    }
    let json: JSON = [
      "file": .string(subject.file.path), "passed": .bool(results.allSatisfy(\.passed)),
      "checks": .array(checks),
    ]
    return json.text + "\n"
  }

  private static func write(_ text: String, to fd: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let put = bytes.withUnsafeBytes { Glibc.write(fd, $0.baseAddress, $0.count) }
      guard put > 0 else { return }
      bytes = bytes.dropFirst(put)
    }
  }
}
