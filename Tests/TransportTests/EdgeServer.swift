import CSys
import Glibc
import KinoraLoop
import Testing

/// nginx with TLS and HTTP/2 and a certificate of an authority of its own.
final class EdgeServer: Sendable {
  static let isInstalled =
    access("/usr/sbin/nginx", X_OK) == 0 && access("/usr/bin/openssl", X_OK) == 0

  let folder: String
  let port: UInt16
  var base: String { "https://localhost:\(port)" }
  var caFile: String { folder + "/ca.pem" }
  private let loop: EventLoop
  private let child: ChildProcess

  /// - Parameter backend: where `/back` leads, a port on loopback
  init(backend: UInt16 = 9) async throws {
    let folder = try Folder.make()
    self.folder = folder
    loop = try EventLoop(name: "edge")
    try loop.start()
    try await Self.certificates(folder, loop)
    port = Self.freePort()
    let configuration = """
      daemon off; master_process off; pid \(folder)/pid; error_log \(folder)/error.log;
      events { worker_connections 64; }
      http {
        log_format k '$request_method $uri $server_protocol $connection $http_host';
        access_log \(folder)/access.log k;
        client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/p;
        fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
        client_max_body_size 0; keepalive_timeout 60; keepalive_requests 100000;
        server {
          listen 127.0.0.1:\(port) ssl http2;
          ssl_certificate \(folder)/cert.pem; ssl_certificate_key \(folder)/key.pem;
          default_type application/json;
          location / { return 200 '{"proto":"$server_protocol","length":"$content_length"}'; }
          location /back { proxy_pass http://127.0.0.1:\(backend); }
          location /early { return 401 '{"error":"who are you"}'; }
          location /edge {
            if ($server_protocol != "HTTP/2.0") { return 200 '<!DOCTYPE html><html></html>'; }
            return 200 '{"ok":true}';
          }
        }
      }
      """
    Folder.write(Array(configuration.utf8), to: folder + "/nginx.conf")
    child = try ChildProcess.spawn(
      on: loop, executable: "/usr/sbin/nginx",
      arguments: ["-p", folder, "-e", folder + "/error.log", "-c", folder + "/nginx.conf"],
      onOutput: nil)
    for _ in 0..<200 where !Self.answers(port) { try await Task.sleep(for: .milliseconds(25)) }
    try #require(Self.answers(port), "nginx did not start")
  }

  deinit {
    child.kill(SIGKILL)
    for name in ["body", "p", "f", "u", "s"] { rmdir(folder + "/" + name) }
    Folder.remove(folder)
  }

  /// `METHOD /path PROTOCOL connection host` lines.
  var log: [String] {
    String(decoding: Folder.read(folder + "/access.log"), as: UTF8.self).split(separator: "\n")
      .map(String.init)
  }

  private static func certificates(_ folder: String, _ loop: EventLoop) async throws {
    let script = """
      set -e; cd \(folder)
      openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca
      openssl req -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj /CN=localhost
      printf 'subjectAltName=DNS:localhost' > ext
      openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile ext
      """
    let child = try ChildProcess.spawn(
      on: loop, executable: "/bin/sh", arguments: ["-c", script],
      environment: ["PATH=/usr/bin:/bin"], onOutput: nil)
    try #require(await child.exit.status == 0)
  }

  private static func freePort() -> UInt16 {
    let descriptor = kn_listen_tcp(0x7f00_0001, 0, 1)
    defer { close(descriptor) }
    return UInt16(kn_local_port(descriptor))
  }

  private static func answers(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
