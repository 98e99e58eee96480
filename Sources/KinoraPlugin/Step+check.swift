extension Step {
  /// Refuses what the host would call a fault of the plugin, where it came from the provider or from a
  /// user: an id with a line end in it, text that was put into an address without escaping.
  func check() throws(Failure) {
    if let handle,
      handle.isEmpty || handle.utf8.count > 2048 || handle.utf8.contains(where: isControl)
    {
      throw Failure(.protocol, "the provider's id of the job is not plain text")
    }
    guard case .send(let request, _) = verdict else { return }
    let url = request.url
    guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
      throw Failure(.invalid, "the request's address is not http or https: is base_url configured?")
    }
    let isPlain = url.utf8.count <= 16 * 1024 && url.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    guard isPlain, !url.utf8.contains(where: { $0 == 0x22 || $0 == 0x5c }) else {
      throw Failure(
        .protocol, "the request's address is too long or holds text that is not escaped")
    }
    for field in request.headers.fields
    where field.value.utf8.count > 16 * 1024
      || field.value.utf8.contains(where: { $0 != 0x09 && isControl($0) })
    {
      throw Failure(.protocol, "the field \(field.name) would hold a line end, or is too long")
    }
  }
}

private func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7f }
