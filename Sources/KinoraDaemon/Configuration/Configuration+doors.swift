import KinoraCore
import KinoraModel

/// What can be set for single front doors.
extension Configuration {
  mutating func readDoors(_ doors: SectionReader) {
    if let storage = doors.section("storage_backend") {
      readCustomers(storage)
      storage.finish()
    }
    doors.finish()
  }

  /// `customers: {"key:shop": all, "uid:1000": ["12", "13"]}`.
  private mutating func readCustomers(_ storage: SectionReader) {
    guard case .object(let members)? = storage.json("customers") else {
      if storage.has("customers") {
        storage.error("customers", "must be a section of clients, such as \"uid:1000\": all")
      }
      return
    }
    for member in members {
      let numbers = member.value.array?.compactMap { $0.integer }
      if member.value.string == "all" {
        customers[member.key] = .all
      } else if let numbers, numbers.count == member.value.array?.count,
        numbers.allSatisfy({ $0 > 0 })
      {
        customers[member.key] = .only(Set(numbers))
      } else {
        storage.error(
          "customers", "\(member.key) must be all, or a list of numbers above 0")
      }
    }
  }
}
