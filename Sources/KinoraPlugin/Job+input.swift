extension Job.Input {
  /// The provider's own address of an input that is given by one. Throws `invalid`, naming role and
  /// `form`, when it does not begin with `scheme`.
  public func address(_ scheme: String = "https://", form: String = "an https address")
    throws(Failure) -> String
  {
    guard let uri, uri.hasPrefix(scheme) else {
      throw Failure(.invalid, "\(role) must be given as bytes or as \(form)")
    }
    return uri
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
