extension Migration {
  /// Styles of a tenant's own: a JSON object of names.
  static let styles = Migration(
    number: 4, name: "styles",
    sql: "ALTER TABLE tenant_capabilities ADD COLUMN styles TEXT")
}
