extension Migration {
  /// What was made for the money, beside the money: results, and milliseconds of video in them.
  static let made = Migration(
    number: 3, name: "what was made",
    sql: """
      ALTER TABLE budget ADD COLUMN results INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE budget ADD COLUMN video_ms INTEGER NOT NULL DEFAULT 0;
      """)
}
