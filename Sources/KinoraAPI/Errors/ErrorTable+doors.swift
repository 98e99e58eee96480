package import KinoraModel

/// Where a dialect has another status for a fact than the table. All other doors use the table's.
extension ErrorTable {
  /// storage-backend: whatever a provider or the store did wrong is 502 there.
  package static func storage(_ code: KinoraError.Code) -> Int {
    switch code {
    case .providerUnavailable, .heldForReview, .expired, .storeFailed, .storageFull: 502
    default: row(code).status
    }
  }

  /// The gateway, once there is a job. Its client repeats what it reads as 408, 409, 429 or 5xx, twice
  /// and without a key, and each repeat would be a new clip. 424 is its word for a provider that
  /// failed.
  package static func gatewayJob(_ code: KinoraError.Code) -> Int {
    let usual = row(code).status
    return (400..<500).contains(usual) && ![408, 409, 429].contains(usual) ? usual : 424
  }
}
