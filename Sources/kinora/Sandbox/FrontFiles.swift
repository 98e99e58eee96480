import Glibc

/// The files of a TLS front: nginx that answers HTML with status 200 to anything but HTTP/2, as some
/// providers' edges do, and hands the rest to the simulator.
struct FrontFiles {
  var folder: String

  var authority: String { "\(folder)/ca.pem" }
  var configuration: String { "\(folder)/nginx.conf" }
  var log: String { "\(folder)/error.log" }

  /// Makes a CA of our own and a leaf for this host, once.
  func makeCertificates(_ openssl: String) throws(Failure) {
    if Files.exists("\(folder)/leaf.pem") { return }
    let errors = open("\(folder)/openssl.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer { close(errors) }
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    let long = ["-days", "3650"]
    let old = umask(0o077)
    defer { umask(old) }
    let first = try Child.run(
      openssl,
      ["req", "-x509", "-keyout", "\(folder)/ca.key", "-out", authority] + key + long
        + ["-subj", "/CN=Kinora sandbox CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
      errors: errors)
    let second = try Child.run(
      openssl,
      ["req", "-x509", "-CA", authority, "-CAkey", "\(folder)/ca.key"]
        + ["-keyout", "\(folder)/leaf.key", "-out", "\(folder)/leaf.pem"] + key + long
        + ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
        + ["-addext", "basicConstraints=critical,CA:FALSE"]
        + ["-addext", "extendedKeyUsage=serverAuth"],
      errors: errors)
    if first != 0 || second != 0 {
      unlink("\(folder)/leaf.pem")
      throw Failure(
        exit: .configuration, what: "openssl made no certificate",
        todo: ["see: \(folder)/openssl.log"])
    }
  }

  /// One process, everything inside the folder, no root needed.
  func writeConfiguration(port: UInt16, simulator: String) throws(Failure) {
    for name in ["body", "proxy", "fastcgi", "uwsgi", "scgi"] {
      try Files.makeFolders("\(folder)/tmp/\(name)")
    }
    let text = """
      daemon off;
      master_process off;
      pid "\(folder)/nginx.pid";
      error_log "\(log)" warn;
      worker_rlimit_nofile 65536;
      events { worker_connections 16384; }
      http {
        access_log off;
        client_body_temp_path "\(folder)/tmp/body";
        proxy_temp_path "\(folder)/tmp/proxy";
        fastcgi_temp_path "\(folder)/tmp/fastcgi";
        uwsgi_temp_path "\(folder)/tmp/uwsgi";
        scgi_temp_path "\(folder)/tmp/scgi";
        client_max_body_size 0;
        keepalive_requests 1000000;
        server {
          listen 127.0.0.1:\(port) ssl http2 backlog=4096;
          ssl_certificate "\(folder)/leaf.pem";
          ssl_certificate_key "\(folder)/leaf.key";
          ssl_protocols TLSv1.2 TLSv1.3;
          default_type text/html;
          location / {
            if ($server_protocol != "HTTP/2.0") {
              return 200 "<!DOCTYPE html><html><head><title>One moment, please</title></head><body><h1>Checking your browser</h1></body></html>";
            }
            proxy_pass \(simulator);
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
            proxy_read_timeout 3600s;
            proxy_send_timeout 3600s;
            proxy_set_header Host $http_host;
            proxy_set_header x-forwarded-proto https;
            proxy_set_header x-forwarded-host $http_host;
            proxy_set_header x-sim-http-version $server_protocol;
          }
        }
      }

      """
    try Files.replace(configuration, text)
  }
}
