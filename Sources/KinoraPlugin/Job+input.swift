extension Job.Input {
  /// The address of an input that was given by one, the provider's own or the client's. Throws `invalid`,
  /// naming role and `form`, when it does not begin with `scheme`.
  public func address(_ scheme: String = "https://", form: String = "an https address")
    throws(Failure) -> String
  {
    guard let uri = uri ?? url, uri.hasPrefix(scheme) else {
      throw Failure(.invalid, "\(role) must be given as bytes or as \(form)")
    }
    return uri
  }

  /// The stored bytes as a `data:` URL, for a provider that takes nothing else. The host stores what a
  /// client names by an https address, so that one will do as well.
  public func dataURL() throws(Failure) -> JSON {
    guard ref != nil else {
      throw Failure(.invalid, "\(role) must be given as bytes or as an https address")
    }
    return .dataURL(self)
  }

  /// The stored bytes as a `data:` URL, else the https address.
  public func dataURLOrAddress() throws(Failure) -> JSON {
    ref == nil ? .string(try address()) : .dataURL(self)
  }

  /// The stored bytes as base64, else the https address.
  public func base64OrAddress() throws(Failure) -> JSON {
    ref == nil ? .string(try address()) : .base64(self)
  }
}

extension Job {
  /// The inputs that are frames of the clip itself: all but the references, in the client's order.
  public var frames: [Input] { inputs.filter { $0.role != "reference" } }

  /// Refuses a job that has both, for a provider that would take one and pass over the other.
  public func refuseFramesWithReferences(_ why: String = "") throws(Failure) {
    guard frames.isEmpty || frames.count == inputs.count else {
      throw Failure(.invalid, "frames and references exclude each other\(why)")
    }
  }
}
