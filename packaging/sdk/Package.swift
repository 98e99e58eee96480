// swift-tools-version: 6.3
// Kinora's SDK for plugins in Swift, as it is installed. A plugin links it statically, so plugins of
// different versions of it live in one daemon.
import PackageDescription

let package = Package(
  name: "kinora-sdk",
  products: [.library(name: "KinoraPlugin", targets: ["KinoraPlugin", "CKinoraPlugin"])],
  targets: [
    .target(name: "CKinoraPlugin"),
    .target(
      name: "KinoraPlugin", dependencies: ["CKinoraPlugin"],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
