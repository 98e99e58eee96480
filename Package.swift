// swift-tools-version: 6.3
// One line a module, floor by floor: a module imports only from the floors under it.
import PackageDescription

let swift: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"), .treatAllWarnings(as: .error),
]
let c: [CSetting] = [.treatAllWarnings(as: .error)]
/// One exported symbol, never unmapped, all symbols bound at load.
let entryOnly: [LinkerSetting] = [
  .unsafeFlags([
    "-Xlinker", "--version-script=\(Context.packageDirectory)/Plugins/exports.map",
    "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "-z", "-Xlinker", "now",
  ])
]

func floor(_ name: String, _ dependencies: Target.Dependency...) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swift)
}
func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: swift)
}
/// Every plugin that is written in Swift: its folder in `Plugins`, and NAME of `kinora-NAME.so`.
let plugins = [
  ("Sample", "sample"),
  ("OpenRouter", "openrouter"),
  ("Google", "google"),
  ("Vertex", "vertex"),
  ("ComfyUI", "comfyui"),
  ("OpenAIVideos", "openai-videos"),
  ("Zai", "zai"),
  ("Custom", "custom"),
  ("Kling", "kling"),
  ("VercelGateway", "vercel-gateway"),
]
func plugin(_ name: String) -> Target {
  .target(
    name: "\(name)Plugin", dependencies: ["CKinoraPlugin", "KinoraPlugin"],
    path: "Plugins/\(name)", exclude: ["transcripts"], swiftSettings: swift,
    linkerSettings: entryOnly)
}
func shared(_ folder: String, _ name: String) -> Product {
  .library(name: "kinora-\(name)", type: .dynamic, targets: ["\(folder)Plugin"])
}
func system(_ name: String, _ pkgConfig: String, _ package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}
func tests(
  _ name: String, _ dependencies: Target.Dependency..., plugins: [Target.Dependency] = []
) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: dependencies + plugins, swiftSettings: swift)
}

let package = Package(
  name: "kinora",
  products: [
    .executable(name: "kinorad", targets: ["kinorad"]),
    .executable(name: "kinora", targets: ["kinora"]),
    .executable(name: "kinora-sim", targets: ["kinora-sim"]),
    .executable(name: "kinora-plugin-check", targets: ["kinora-plugin-check"]),
  ] + plugins.map(shared),
  targets: [
    // Floor 0: C headers, system libraries, what Swift cannot say.
    .target(name: "CKinoraPlugin", cSettings: c),
    system("CCurl", "libcurl", "libcurl4-openssl-dev"),
    system("CSQLite", "sqlite3", "libsqlite3-dev"),
    system("CYAML", "yaml-0.1", "libyaml-dev"),
    system("CSystemd", "libsystemd", "libsystemd-dev"),
    system("CCrypto", "libcrypto", "libssl-dev"),
    .target(
      name: "CLLHTTP",
      cSettings: [.define("LLHTTP_STRICT_MODE", to: "1"), .headerSearchPath(".")] + c),
    .target(name: "CSys", cSettings: c),

    // Floor 1: values, errors, the ports.
    floor("KinoraModel"),
    // Floor 1½: event loop, descriptors, child processes.
    floor("KinoraLoop", "CSys", "KinoraModel"),
    // Floor 2: one kind of I/O each.
    floor("KinoraHTTP", "CLLHTTP", "CSys", "KinoraLoop", "KinoraModel"),
    floor("KinoraTransport", "CCrypto", "CCurl", "CSys", "KinoraLoop", "KinoraModel"),
    floor("KinoraPluginHost", "CKinoraPlugin", "CCrypto", "CSys", "KinoraModel"),
    floor("KinoraStore", "CCrypto", "CSQLite", "CSys", "KinoraModel"),
    floor("KinoraSystem", "CSys", "CSystemd", "KinoraModel"),
    // Floor 3: jobs, engine, money, catalog. No I/O.
    floor("KinoraCore", "KinoraModel"),
    // Floor 4: front doors.
    floor("KinoraAPI", "KinoraCore", "KinoraHTTP", "KinoraModel"),
    // Floor 5: configuration, wiring, lifecycle.
    floor(
      "KinoraDaemon", "CCrypto", "CYAML", "KinoraAPI", "KinoraCore", "KinoraHTTP", "KinoraLoop",
      "KinoraModel", "KinoraPluginHost", "KinoraStore", "KinoraSystem", "KinoraTransport"),
    // Floor 6: programs.
    program("kinorad", "KinoraDaemon"),
    program("kinora", "CCrypto", "CCurl", "CSys", "KinoraModel"),
    program("kinora-sim", "CCrypto", "CSys", "KinoraHTTP", "KinoraLoop", "KinoraModel"),
    program("kinora-plugin-check", "CKinoraPlugin", "CSys", "KinoraModel", "KinoraPluginHost"),

    // The SDK and a plugin in C; the host never links them.
    floor("KinoraPlugin", "CKinoraPlugin"),
    .target(
      name: "StillPlugin", dependencies: ["CKinoraPlugin"], path: "Plugins/Still",
      exclude: ["transcripts"], cSettings: c, linkerSettings: entryOnly),

    tests("Model", "KinoraModel"),
    tests("HTTP", "CSys", "KinoraHTTP", "KinoraLoop", "KinoraModel"),
    tests("Transport", "CSys", "KinoraHTTP", "KinoraLoop", "KinoraModel", "KinoraTransport"),
    tests("Store", "CSQLite", "KinoraModel", "KinoraStore"),
    tests("Core", "KinoraCore", "KinoraModel"),
    tests("API", "KinoraAPI", "KinoraCore", "KinoraHTTP", "KinoraModel"),
    tests("Daemon", "KinoraDaemon", "KinoraModel", "KinoraSystem"),
    tests(
      "Plugin", "CKinoraPlugin", "CSys", "KinoraModel", "KinoraPlugin", "KinoraPluginHost",
      "StillPlugin", plugins: plugins.map { .target(name: "\($0.0)Plugin") }),
    tests("Tidy"),
  ] + plugins.map { plugin($0.0) },
  swiftLanguageModes: [.v6]
)
