// swift-tools-version: 6.2
import PackageDescription

/// Every target is built in Swift 6 language mode with the upcoming features that make data races,
/// hidden imports and needless executor hops compile-time errors.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),  // SE-0335
  .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
  .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
  // The static part of exclusive access (SE-0176) holds everywhere. Its dynamic part is on in debug
  // builds, and so in every test; in release builds it costs 6 % of the instructions of a request,
  // for state that is bound to one loop.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func program(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  fixtures: Bool = true, isOptimized: Bool = false
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: exclude,
    resources: fixtures ? [.copy("Fixtures")] : [],
    swiftSettings: settings + (isOptimized ? [.unsafeFlags(["-O"])] : []))
}

func system(_ name: String, _ pkgConfig: String, apt: String, brew: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt]), .brew([brew])])
}

/// Debian's pkg-config file of hiredis holds a preprocessor flag that SwiftPM warns of, and its
/// headers are found without it.
#if os(Linux)
let hiredis = Target.systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])])
#else
let hiredis = system("CHiredis", "hiredis", apt: "libhiredis-dev", brew: "hiredis")
#endif

let package = Package(
  name: "easel",
  platforms: [.macOS("26.0")],
  products: [
    .executable(name: "easel", targets: ["easel"])
  ],
  targets: [
    // C libraries, each behind it the modules that import it: TLS and digests lie far apart, so
    // OpenSSL has two.
    system("CLibuv", "libuv", apt: "libuv1-dev", brew: "libuv"),  // EventLoop
    system("COpenSSL", "openssl", apt: "libssl-dev", brew: "openssl@3"),  // EventLoop, Images
    system("CYAML", "yaml-0.1", apt: "libyaml-dev", brew: "libyaml"),  // Gateway
    hiredis,  // State
    system("CSQLite", "sqlite3", apt: "libsqlite3-dev", brew: "sqlite"),  // State
    system("CZlib", "zlib", apt: "zlib1g-dev", brew: "zlib"),  // Simulator

    // Modules, lowest first: an arrow may only point upwards in this list.
    library("EventLoop", ["CLibuv", "COpenSSL"]),
    library("HTTP", ["EventLoop"]),
    library("OpenAIWire"),
    library("Observability"),
    library("State", ["EventLoop", "Observability", "CHiredis", "CSQLite"]),
    // Optimized in debug builds too, with its tests: their model check asks a breaker millions of times.
    .target(
      name: "Resilience", dependencies: ["EventLoop", "State", "Observability"],
      swiftSettings: settings + [.unsafeFlags(["-O"])]),
    // Optimized in debug builds too: its pictures, of 20 MB and many at once, are encoded in tests.
    .target(
      name: "Images",
      dependencies: ["EventLoop", "HTTP", "OpenAIWire", "Observability", "Resilience", "COpenSSL"],
      swiftSettings: settings + [.unsafeFlags(["-O"])]),
    library("Chat", ["EventLoop", "HTTP", "OpenAIWire", "Observability", "Resilience"]),
    library("ToolLoop", ["EventLoop", "OpenAIWire", "Chat", "Images", "Observability", "HTTP"]),
    // Optimized in debug builds too: it draws each picture of the tests, pixel by pixel.
    .target(
      name: "Simulator", dependencies: ["EventLoop", "HTTP", "OpenAIWire", "CZlib"],
      swiftSettings: settings + [.unsafeFlags(["-O"])]),
    library(
      "Gateway",
      [
        "EventLoop", "HTTP", "OpenAIWire", "Observability", "State", "Resilience", "Images", "Chat",
        "ToolLoop", "CYAML",
      ]),
    program("easel", ["Gateway", "Simulator", "EventLoop", "HTTP", "Observability"]),

    // Measuring: see loadtest/run.
    program("mock-upstream", path: "loadtest/MockUpstream", ["EventLoop", "HTTP", "OpenAIWire"]),
    program("load-generator", path: "loadtest/LoadGenerator", ["EventLoop", "HTTP"]),
    program("fuzz", path: "Tests/Fuzz", ["HTTP", "OpenAIWire", "ToolLoop", "SeededRandom"]),

    // What tests share: programs that they start, and waiting.
    .target(name: "TestSupport", path: "Tests/Support", swiftSettings: settings),
    .target(name: "SeededRandom", path: "Tests/Random", swiftSettings: settings),
    tests("EventLoopTests", ["EventLoop", "TestSupport"]),
    tests("HTTPTests", ["HTTP", "EventLoop", "TestSupport", "SeededRandom"]),
    tests("OpenAIWireTests", ["OpenAIWire", "SeededRandom"]),
    tests("ObservabilityTests", ["Observability", "TestSupport"], fixtures: false),
    tests("StateTests", ["State", "EventLoop", "Observability", "TestSupport"], fixtures: false),
    tests(
      "ResilienceTests", ["Resilience", "State", "EventLoop", "TestSupport", "SeededRandom"],
      fixtures: false, isOptimized: true),
    tests(
      "ImagesTests",
      [
        "Images", "HTTP", "EventLoop", "OpenAIWire", "Observability", "Resilience", "State",
        "Simulator", "TestSupport", "SeededRandom",
      ]),
    tests("ChatTests", ["Chat", "HTTP", "Resilience", "EventLoop"], fixtures: false),
    tests("ToolLoopTests", ["ToolLoop", "OpenAIWire", "Chat", "HTTP"]),
    tests("SimulatorTests", ["Simulator", "HTTP", "EventLoop"]),
    tests(
      "GatewayTests",
      [
        "Gateway", "Simulator", "HTTP", "EventLoop", "OpenAIWire", "Observability", "Images",
        "Chat", "Resilience", "State", "TestSupport", "easel",
      ],
      exclude: ["Clients"]),
  ]
)
