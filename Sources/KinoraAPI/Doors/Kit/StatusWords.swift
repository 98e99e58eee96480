package import KinoraModel

/// What each dialect calls a state: the one table of them, also in docs/front-doors.md. A new state
/// does not compile without its words.
///
/// A dialect has fewer words than there are states. What is over without a result is a word that ends
/// its clients' polling; what may still end well is none that does.
package struct StatusWords: Sendable, Equatable {
  /// OpenAI Videos, chat completions, storage-backend, tools.
  package var openAI: String
  /// TanStack AI: `video:status` and its jobs.
  package var tanStack: String
  /// OpenRouter's video API.
  package var openRouter: String
  /// Google's Interactions. Its operations know `done` alone.
  package var interactions: String
  /// The AI SDK gateway's `/status`.
  package var gateway: String

  /// The words for a state.
  package static func of(_ state: JobState) -> StatusWords {
    switch state {
    case .draft, .queued: row(state, "pending", "pending", "in_progress", "pending")
    case .submitting, .submitUnknown:
      row(state, "processing", "pending", "in_progress", "pending")
    case .submitted, .running, .ready, .fetching:
      row(state, "processing", "in_progress", "in_progress", "pending")
    case .completed: row(state, "completed", "completed", "completed", "completed")
    case .failed, .held: row(state, "failed", "failed", "failed", "error")
    case .cancelled: row(state, "failed", "cancelled", "cancelled", "cancelled")
    case .expired: row(state, "failed", "expired", "failed", "error")
    }
  }

  // OpenAI's word is the model's own: the command line and the events have it as well.
  private static func row(
    _ state: JobState, _ tanStack: String, _ openRouter: String, _ interactions: String,
    _ gateway: String
  ) -> StatusWords {
    StatusWords(
      openAI: state.outward, tanStack: tanStack, openRouter: openRouter,
      interactions: interactions, gateway: gateway)
  }
}
