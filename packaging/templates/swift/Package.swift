// swift-tools-version: 6.3
import PackageDescription

/// Kinora's SDK for plugins; `KINORA_SDK` names another place.
let sdk = Context.environment["KINORA_SDK"] ?? "@SDK@"

let package = Package(
  name: "kinora-@NAME@",
  products: [
    .library(name: "kinora-@NAME@", type: .dynamic, targets: ["@TYPE@Plugin"])
  ],
  dependencies: [.package(name: "kinora-sdk", path: sdk)],
  targets: [
    .target(
      name: "@TYPE@Plugin",
      dependencies: [.product(name: "KinoraPlugin", package: "kinora-sdk")], path: "Sources",
      swiftSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [
        // One exported name, never unmapped, all symbols bound at load; the runtime beside it first.
        .unsafeFlags([
          "-Xlinker", "--version-script=\(sdk)/exports.map",
          "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "-z", "-Xlinker", "now",
          "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../swift",
        ])
      ])
  ],
  swiftLanguageModes: [.v6]
)
