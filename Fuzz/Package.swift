// swift-tools-version:6.1
import PackageDescription

// The parsers and machines of what strangers send, compiled together with their fuzz targets as one module, since they are
// internal to TulleProxy. Wire and Model are links into Sources, which scripts/fuzz makes. libFuzzer and its instrumentation come with the Swift
// toolchain; scripts/fuzz passes the folder of its libraries, and holds the commands to build and run this.
let package = Package(
    name: "tulle-fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2")],
    targets: [
        .target(name: "TulleModel", path: "Model", swiftSettings: [.swiftLanguageMode(.v6)]),
        .executableTarget(
            name: "TulleFuzz",
            dependencies: [
                "TulleModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: ".",
            exclude: ["Model", "corpus", "crashes", "differences.md", "seeds.py"],
            sources: ["Targets", "Wire"],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                // Coverage and comparisons for libFuzzer, and bounds of the heap for what is read by pointer.
                .unsafeFlags(["-sanitize=fuzzer,address", "-enforce-exclusivity=checked"]),
            ],
            linkerSettings: [
                .linkedLibrary("stdc++"),
                .unsafeFlags(["-sanitize=address"]),
            ]),
    ]
)
