import Glibc
import KinoraModel
import KinoraTransport
import Testing

@Suite struct UserURLFetcherTests {
  private static let png: [UInt8] = [0x89, 0x50, 0x4e, 0x47] + [UInt8](repeating: 7, count: 5000)

  private func fetch(_ url: String, limit: Int64 = 10_000, loopback: Bool = true) async throws
    -> Result<[UInt8], KinoraError>
  {
    let folder = try Folder.make()
    defer { Folder.remove(folder) }
    let path = folder + "/in"
    do throws(KinoraError) {
      try await UserURLFetcher(allowsLoopback: loopback).fetch(url: url, to: path, limit: limit)
      return .success(Folder.read(path))
    } catch {
      #expect(access(path, F_OK) != 0, "a failed fetch left a file")
      return .failure(error)
    }
  }

  @Test(
    "only public https addresses are fetched [P15]",
    arguments: [
      "http://example.com/a.png", "http://127.1/a.png", "https://127.0.0.1/a.png",
      "http://[::ffff:10.0.0.1]/", "https://[::ffff:10.0.0.1]/", "https://localhost/a.png",
      "https://2130706433/", "https://169.254.169.254/latest/meta-data/", "https://0x7f.1/",
      "https://example.com:8443/a.png", "https://user@example.com/", "file:///etc/passwd",
      "https://[fd00:ec2::254]/", "https://10.0.0.1/", "https://0/",
    ])
  func refused(url: String) async throws {
    let result = try await fetch(url, loopback: false)
    guard case .failure(let error) = result else {
      Issue.record("\(url) was fetched")
      return
    }
    #expect(error.code == .urlRefused)
  }

  @Test("a file is fetched whole, without credentials or cookies")
  func fetched() async throws {
    let server = TestServer(type: "image/png", body: Self.png)
    #expect(try await fetch(server.base + "/a.png") == .success(Self.png))
    let seen = try #require(server.requests.first)
    #expect(seen.field("authorization") == nil)
    #expect(seen.field("cookie") == nil)
  }

  @Test("redirects are followed three times and each is checked anew [P15]")
  func redirects() async throws {
    let server = TestServer { request, connection in
      let target =
        switch request.path {
        case "/1": "/2"
        case "/2": "3"
        case "/3": "/end"
        case "/0": "/1"
        case "/meta": "http://169.254.169.254/latest/meta-data/"
        case "/plain": "http://example.com/"
        case "/file": "file:///etc/passwd"
        default: ""
        }
      if target.isEmpty {
        connection.send("HTTP/1.1 200 OK\r\ncontent-length: \(Self.png.count)\r\n\r\n")
        return connection.send(Self.png)
      }
      return connection.send(
        "HTTP/1.1 302 Found\r\nlocation: \(target)\r\ncontent-length: 0\r\n\r\n")
    }
    #expect(try await fetch(server.base + "/1") == .success(Self.png))
    for path in ["/0", "/meta", "/plain", "/file"] {
      guard case .failure(let error) = try await fetch(server.base + path) else {
        Issue.record("\(path) was followed")
        continue
      }
      #expect(error.code == .urlRefused)
    }
  }

  @Test("too many bytes, a page and an error are told apart [P15]")
  func unusable() async throws {
    let server = TestServer { request, connection in
      switch request.path {
      case "/big", "/stream":
        let length = request.path == "/big" ? "content-length: 20000\r\n" : ""
        connection.send("HTTP/1.1 200 OK\r\nconnection: close\r\n\(length)\r\n")
        connection.send([UInt8](repeating: 1, count: 20_000))
        return false
      case "/page":
        connection.send("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n")
        return connection.send("<html>")
      case "/empty": return connection.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
      default: return connection.json("{}", status: "404 Not Found")
      }
    }
    let expected: [(String, KinoraError.Code)] = [
      ("/big", .tooLarge), ("/stream", .tooLarge), ("/page", .badMedia), ("/empty", .badMedia),
      ("/none", .providerUnavailable),
    ]
    for (path, code) in expected {
      guard case .failure(let error) = try await fetch(server.base + path) else {
        Issue.record("\(path) was taken")
        continue
      }
      #expect(error.code == code, "\(path): \(error.message)")
    }
  }
}
