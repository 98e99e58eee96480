extension Response {
  /// What a string of the answer stands for, at a JSON pointer: an address, if the host can fetch from
  /// it (``Context/isFetchable(_:)``), or the media themselves as base64 or a `data:` URL, mostly in a
  /// spool. Nil when it is neither.
  public func media(at pointer: String, in json: JSON, mime: String, _ context: Context) -> Asset? {
    if let text = json.at(pointer).string, !text.hasPrefix("data:"), text.contains("://") {
      return context.isFetchable(text) ? .url(text) : nil
    }
    return asset(at: pointer, in: json, mime: mime)
  }

  /// One asset for each item of the list at a JSON pointer that has one: the first of its `members`
  /// (`url`, `image/data`) that is an address or media. `mime` is for those with no `mediaType` or
  /// `mimeType` beside them.
  public func assets(
    at list: String, _ members: [String], in json: JSON, mime: String, _ context: Context
  ) -> [Asset] {
    json.at(list).array.indices.compactMap { at in
      members.lazy.compactMap { member in
        let place = "\(list)/\(at)/\(member)"
        let holder = json.at(place.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" })
        let own = holder["mediaType"].string ?? holder["mimeType"].string
        return media(at: place, in: json, mime: own ?? mime, context)
      }.first
    }
  }
}
