/// A provider of videos or images, without I/O: it is told what happened and says what to do next.
///
/// A provider is a value without memory. What it must know at the next step goes into ``State``; the
/// host stores that with the job, so a restart resumes at the same step. A step may run on any thread,
/// for many jobs at once; it must not block, do I/O, read a clock or keep globals.
///
/// `begin` is the only verb without a default that refuses; a verb that is not written answers
/// "unsupported" and the host does what it can without the plugin.
public protocol Provider: Sendable {
  /// What is remembered between two steps. Small: an id and where the job stands.
  associatedtype State: Codable & Sendable

  /// Name, version, catalog.
  static var manifest: Manifest { get }
  /// Grows when ``State`` changes its shape; saved with each state.
  static var stateVersion: Int { get }
  /// Makes today's state from one that version `version` of this plugin saved.
  static func upgraded(_ state: JSON, from version: Int) throws(Failure) -> State

  /// A provider. Called for every step, so it should cost nothing.
  init()

  /// The job starts, or starts again because nothing was sent yet.
  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State>
  /// The answer to the request that the last step sent. `context.phase` tells the chain it belongs to.
  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  /// A wait is over: usually the moment to poll.
  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State>
  /// The provider could not be reached, the host has given up repeating.
  func unreachable(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State>
  /// The client cancelled a job that the provider knows. Usual: send a free cancel request; when it was
  /// answered, wait and poll on; the poll then finds the job ended.
  func cancelled(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State>
  /// A paid request may have arrived, its answer is lost. Look it up with free requests only: `wait`
  /// says "found", `Failure(.notFound)` "proven absent", anything else leaves it unknown. `state` is
  /// what `begin` saved, nil when that is lost too.
  func reconciled(in state: State?, _ job: Job, _ context: Context) throws(Failure) -> Step<State>
  /// A person or a lookup named the provider's own id: make the state that polls it.
  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State>
}

extension Provider {
  /// 1 until the state changes its shape.
  public static var stateVersion: Int { 1 }
  /// Refuses every other version.
  public static func upgraded(_ state: JSON, from version: Int) throws(Failure) -> State {
    throw Failure(
      .protocol,
      "the job's state was saved by version \(version) of this plugin's states, which it cannot read"
    )
  }
  /// The host decides.
  public func unreachable(in state: State, _ job: Job, _ context: Context) throws(Failure)
    -> Step<State>
  {
    throw .unsupported
  }
  /// The provider cannot cancel.
  public func cancelled(in state: State, _ job: Job, _ context: Context) throws(Failure)
    -> Step<State>
  {
    throw .unsupported
  }
  /// The provider cannot look up a lost submit.
  public func reconciled(in state: State?, _ job: Job, _ context: Context) throws(Failure)
    -> Step<State>
  {
    throw .unsupported
  }
  /// The provider cannot take over a job by its id.
  public func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure)
    -> Step<State>
  {
    throw .unsupported
  }
}

/// What the host knows of a plugin before it runs.
public struct Manifest: Sendable {
  /// Reverse domain, `net.example.runway`: letters, digits, `.` and `-`. Never changes.
  public var id: String
  /// For people.
  public var name: String
  /// `1.4.0`.
  public var version: String
  /// The catalog as JSON text; its members are listed in Plugins/README.md.
  public var catalog: String

  /// A manifest.
  public init(id: String, name: String, version: String, catalog: String) {
    self.id = id
    self.name = name
    self.version = version
    self.catalog = catalog
  }
}
