import KinoraModel

/// The configuration text for one curl process.
///
/// It holds fixed options, numbers, addresses that `OutboundURL` has written, and two paths from the
/// daemon's own configuration. No user's text, no header and no body ever stands in it: a raw line end
/// in there would be a new option.
struct CurlConfig {
  /// Numbers that one transfer's descriptors have in the child.
  struct Descriptors {
    var fields: Int
    var body: Int?
    var head: Int
    var output: Int
  }

  /// What each transfer reports when it is over, on stderr: a mark, its number, and figures. None of
  /// them holds an address, since an address may hold a credential.
  static let report =
    "%{exitcode} %{http_version} %{num_connects} %{size_request} %{size_upload} %{size_download} "
    + "%{time_pretransfer} %{time_total}"

  /// Throws `configuration` for a CA file's or proxy's text that cannot be quoted.
  static func text(_ transfers: [(PreparedRequest, Descriptors)]) throws(KinoraError) -> [UInt8] {
    var out = transfers.count > 1 ? "parallel\nparallel-max = \(transfers.count)\n" : ""
    for (i, (request, descriptors)) in transfers.enumerated() {
      if i > 0 { out += "next\n" }
      out += try section(i, request, descriptors)
    }
    return Array(out.utf8)
  }

  private static func section(
    _ number: Int, _ request: PreparedRequest, _ at: Descriptors
  ) throws(KinoraError) -> String {
    let isTLS = request.url.scheme == "https"
    var lines = [
      "url = \(try quoted(request.url.text))", "globoff", "path-as-is", "silent",
      // Every byte of an answer is in its pipe before the report says that it is over.
      "no-progress-meter", "no-buffer",
      "proto = \"\(isTLS ? "=https" : "=http")\"", "proto-redir = \"=https\"",
      "max-redirs = 0", "tlsv1.2", isTLS ? "http2" : "http1.1",
      "connect-timeout = \(seconds(min(PreparedRequest.connectTimeout, request.timeout)))",
      "max-time = \(seconds(request.timeout))",
      "max-filesize = \(max(Int64(request.answer.maxBody), request.answer.maxFile))",
      "header = \"@/dev/fd/\(at.fields)\"", "dump-header = \"/dev/fd/\(at.head)\"",
      "output = \"/dev/fd/\(at.output)\"",
      "write-out = \"%{stderr}kinora \(number) \(report)\\n\"",
    ]
    if request.isDownload {
      lines += ["speed-limit = 1", "speed-time = \(PreparedRequest.stallSeconds)"]
    }
    if let file = request.network.caFile {
      // Instead of the system's authorities, not besides them.
      lines += ["cacert = \(try quoted(file))", "capath = \"/dev/null\""]
    }
    if let proxy = request.network.proxy {
      lines += ["proxy = \(try quoted(proxy))", "noproxy = \"\"", "suppress-connect-headers"]
    } else {
      lines.append("noproxy = \"*\"")
    }
    if let body = at.body {
      // `upload-file` streams, but to an address that ends in a slash it appends the file's name.
      if request.body.length > BodyRenderer.memoryBytes, !request.url.path.hasSuffix("/") {
        lines += ["upload-file = \"/dev/fd/\(body)\"", "request = \"\(request.method)\""]
      } else {
        lines.append("data-binary = \"@/dev/fd/\(body)\"")
        if request.method != "POST" { lines.append("request = \"\(request.method)\"") }
      }
    } else if request.method != "GET" {
      lines.append("request = \"\(request.method)\"")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    let rest = String(milliseconds % 1000 + 1000).dropFirst()
    return "\(milliseconds / 1000).\(rest)"
  }

  private static func quoted(_ text: String) throws(KinoraError) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      guard scalar.value >= 0x20, scalar.value != 0x7f else {
        throw KinoraError(.configuration, "a path or proxy for curl holds a control character")
      }
      if scalar == "\"" || scalar == "\\" { out.unicodeScalars.append("\\") }
      out.unicodeScalars.append(scalar)
    }
    return out + "\""
  }
}
