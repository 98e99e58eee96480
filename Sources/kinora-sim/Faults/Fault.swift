/// What can go wrong, by the name that the control route and prompts use.
enum Fault: String, CaseIterable, Sendable {
  case dropBeforeAccept = "drop_before_accept"
  case dropAfterAccept = "drop_after_accept"
  case resetBeforeAccept = "reset_before_accept"
  case resetAfterAccept = "reset_after_accept"
  case hangBeforeAccept = "hang_before_accept"
  case hangAfterAccept = "hang_after_accept"
  case slow
  case status429 = "429"
  case status429RetryAfter = "429_retry_after"
  case status500 = "500"
  case status500AfterAccept = "500_after_accept"
  case status502 = "502"
  case status503 = "503"
  case status401 = "401"
  case status402 = "402"
  case status403 = "403"
  case html200 = "html_200"
  case html200AfterAccept = "html_200_after_accept"
  case truncatedJSON = "truncated_json"
  case truncatedJSONAfterAccept = "truncated_json_after_accept"
  case wrongLength = "wrong_length"
  case garbageJSON = "garbage_json"
  case empty200 = "empty_200"
  case redirect
  case earlyHints103 = "early_hints_103"
  case expiredAsset = "expired_asset"
  case notFoundOnce = "not_found_once"
  case unknownStatus = "unknown_status"
  case failed
  case filtered
  case stuck
  case providerCancelled = "provider_cancelled"
  case providerExpired = "provider_expired"
  case slowBody = "slow_body"
  case shortAsset = "short_asset"
  case notAVideo = "not_a_video"
  case successWithoutAsset = "success_without_asset"
  case missingCost = "missing_cost"
  case retiredModel = "retired_model"
  case relativePollingURL = "relative_polling_url"
  case signedURLs = "signed_urls"
  case inlineAsset = "inline_asset"
}

extension Fault {
  /// When a fault strikes.
  enum Moment {
    /// The request does nothing; the fault is its answer.
    case before
    /// The request does its work; the fault spoils the answer.
    case after
    /// The provider answers otherwise, this once.
    case twist
    /// The job is marked for good when it is made or first polled.
    case outcome
  }

  var moment: Moment {
    switch self {
    case .dropBeforeAccept, .resetBeforeAccept, .hangBeforeAccept, .status429,
      .status429RetryAfter, .status500, .status502, .status503, .status401, .status402,
      .status403, .html200, .truncatedJSON, .garbageJSON, .empty200, .redirect, .expiredAsset,
      .notFoundOnce, .notAVideo, .retiredModel:
      .before
    case .dropAfterAccept, .resetAfterAccept, .hangAfterAccept, .slow, .status500AfterAccept,
      .html200AfterAccept, .truncatedJSONAfterAccept, .wrongLength, .earlyHints103, .slowBody,
      .shortAsset:
      .after
    case .unknownStatus: .twist
    case .failed, .filtered, .stuck, .providerCancelled, .providerExpired, .successWithoutAsset,
      .missingCost, .relativePollingURL, .signedURLs, .inlineAsset:
      .outcome
    }
  }

  /// Where it strikes when nothing else is said.
  var usualPhase: Phase {
    switch self {
    case .expiredAsset, .slowBody, .shortAsset, .notAVideo: .fetch
    case .notFoundOnce, .unknownStatus: .poll
    default: .submit
    }
  }

  /// Named in a prompt it strikes every time, not once a job.
  var isLasting: Bool {
    switch self {
    case .expiredAsset, .notAVideo, .retiredModel: true
    default: false
    }
  }
}

/// What a request is to its provider.
enum Phase: String, CaseIterable, Sendable {
  case submit
  case poll
  case fetch
  /// Model lists, uploads, searches, cancels.
  case other
}
