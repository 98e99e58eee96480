import CCurl

/// libcurl's one-time set-up.
enum CurlLibrary {
  /// True when libcurl works. Made on first use; safe from any thread.
  static let isReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK
}
