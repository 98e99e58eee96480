public import KinoraModel

/// What happens to a job. Everything that changes a record is one of these.
public enum JobInput: Sendable {
  /// Its turn has come: there is a place at the provider and at the client.
  case claimed
  /// The moment it waited for has come.
  case timer
  /// Its provider gets no paid submits now, and why.
  case mustWait(String)
  /// Its plugin answered.
  case stepped(PluginStep)
  /// Its plugin could not be asked, or broke its contract, or the store did not take what came of it.
  case stepFailed(KinoraError)
  /// An exchange ended.
  case answered(Exchange, isPaid: Bool)
  /// A transport stands before the first byte of a paid request.
  case permitAsked
  /// The client wants it to end.
  case cancelAsked
  /// One asset is stored.
  case stored(Artifact)
  /// One asset could not be stored.
  case assetFailed(KinoraError)
  /// A person decided about a held job.
  case resolved(Resolution)
  /// The owner's client has the result of a completed job.
  case delivered
  /// Nobody took the result of a completed job in time.
  case undelivered
  /// The daemon started; `hasIntent` is true when the journal holds a permit that the row does not know.
  case recovered(hasIntent: Bool)
}

/// What a person can say about a held job.
public enum Resolution: Sendable, Equatable {
  /// The provider has it under this id.
  case adopt(String)
  /// The provider never took it: try again.
  case notCharged
  /// Nobody will ever know: book it.
  case giveUp
}

/// What must be done after an input was reduced and its commit is durable.
public enum JobEffect: Sendable {
  /// Ask the plugin.
  case step(PluginEvent.Kind)
  /// Exchange with the provider.
  case send(ProviderRequest, isPaid: Bool)
  /// Wake with `timer` after so many milliseconds.
  case wake(after: Milliseconds)
  /// Put it into its provider's and client's queue, now or at `notBefore`.
  case enqueue
  /// Store an asset.
  case fetch(PendingAsset)
  /// Write the intent into the journal, then let the transport go on.
  case journal
  /// Refuse the transport.
  case refusePermit
  /// End a repeatable exchange that is under way; its answer no longer counts.
  case interrupt
  /// An edge answered in place of the provider.
  case edgeBlocked
  /// The provider answered as itself.
  case providerAnswered
  /// A route goes on: this model is left alone for a while.
  case cool(model: String, why: String)
}

/// One job in memory: its record and what need not survive a restart.
public struct LiveJob: Sendable {
  /// What is stored.
  public var record: JobRecord
  /// The root of the present chain of steps.
  public var phase: PluginEvent.Phase = .begin
  /// True from its turn until it has a state that holds a place, or is back in the queue.
  public var isClaimed = false
  /// The plugin is asked to adopt the record's handle.
  public var adopting: String?
  /// Repeatable exchanges that failed in a row.
  public var strikes = 0
  /// Polls in a row, mishaps between them aside, whose word would end or hold the job.
  public var doubts = 0
  /// Downloads of the present asset that failed.
  public var assetTries = 0
  /// A paid request is on its way to the wire or on it.
  public var paidUnderWay = false
  /// A paid request of this attempt was accepted, and the plugin asked for another one.
  public var hasPaid = false
  /// The status of the paid answer that the plugin is being asked about; nil otherwise.
  public var paidStatus: Int?
  /// Whether that answer was JSON.
  public var paidWasJSON = false
  /// Files of the last answer that a result may name.
  public var spools: [ProviderResponse.Spool] = []
  /// The event of the step before the paid request.
  public var lastEvent: PaidEvent?
  /// Assets that are stored before the record says so, because their spools die with the process.
  public var unstored: [PendingAsset] = []

  /// A job as it comes from the store.
  public init(record: JobRecord) { self.record = record }

  /// True while it occupies a place of its provider and its client.
  public var holdsPlace: Bool { isClaimed || record.state.holdsPlace }
}

/// What came of one input.
public struct Reduction: Sendable {
  /// The job afterwards.
  public var job: LiveJob
  /// What must be on disk before the effects; nil when nothing changed that must survive.
  public var change: StoreChange?
  /// What to do then, in order.
  public var effects: [JobEffect]
}
