// swift-tools-version:6.1
import PackageDescription

// Targets stand in the order of the house: values, decisions, I/O, planes, executables. Imports point
// only down; scripts/check-imports holds the same table and fails CI when a file breaks it.

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "tulle",
    products: [
        .executable(name: "tulle", targets: ["tulle"]),
        .executable(name: "tulle-proxy", targets: ["tulle-proxy"]),
        .executable(name: "shop-checkout", targets: ["shop-checkout"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.21.1"),
        // Without its default trait swift-protobuf does without the whole of Foundation, which would add
        // 50 MB to tulle-proxy.
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.39.0", traits: []),
        .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport.git", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf.git", from: "2.4.1"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // System libraries, linked statically so that a binary runs where they are not installed.
        .target(name: "CYaml", linkerSettings: [.linkedLibrary(":libyaml.a")]),
        .target(
            name: "CRE2",
            linkerSettings: [.linkedLibrary(":libre2.a"), .linkedLibrary("stdc++")]),

        // fork, exec and signals for `tulle run`: Swift closes fork.
        .target(name: "CSpawn"),

        // Values.
        .target(name: "TulleModel", swiftSettings: strict),

        // Decisions.
        .target(name: "TulleBalancing", dependencies: ["TulleModel"], swiftSettings: strict),

        // I/O and formats.
        .target(name: "TulleTelemetry", dependencies: ["TulleModel"], swiftSettings: strict),
        .target(name: "TulleConfig", dependencies: ["TulleModel", "CYaml", "CRE2"], swiftSettings: strict),
        .target(
            name: "TulleXDS",
            dependencies: [
                "TulleModel",
                "TulleConfig",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Schema"],
            swiftSettings: strict),
        .target(
            name: "TulleXDSServer",
            dependencies: [
                "TulleModel",
                "TulleXDS",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),

        .target(
            name: "TulleIdentity",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "_CryptoExtras", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict),

        // Planes.
        .target(
            name: "TulleProxy",
            dependencies: [
                "TulleModel",
                "TulleBalancing",
                "TulleTelemetry",
                "CRE2",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .target(
            name: "TulleControl",
            dependencies: [
                "TulleModel",
                "TulleConfig",
                "TulleIdentity",
                "TulleTelemetry",
                "TulleXDS",
                "TulleXDSServer",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Collections", package: "swift-collections"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict),

        // What tests share.
        .target(
            name: "TulleTesting",
            dependencies: [
                "TulleModel", "TulleProxy", "TulleXDS", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // The CLI's commands; a library, since an executable tests badly.
        .target(
            name: "TulleCommand",
            dependencies: [
                "CSpawn",
                "TulleModel",
                "TulleConfig",
                "TulleControl",
                "TulleIdentity",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),

        // Executables.
        .executableTarget(
            name: "tulle",
            dependencies: [
                "TulleCommand",
                "TulleControl",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "tulle-proxy",
            dependencies: [
                "TulleModel",
                "TulleConfig",
                "TulleTelemetry",
                "TulleXDS",
                "TulleProxy",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: strict),
        // A service of the demo's shop, and no part of Tulle.
        .executableTarget(
            name: "shop-checkout",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Examples/shop/checkout",
            swiftSettings: [.swiftLanguageMode(.v6)]),

        // Tests, by the path of what they test.
        .testTarget(name: "TulleModelTests", dependencies: ["TulleModel"], swiftSettings: strict),
        .testTarget(name: "TulleBalancingTests", dependencies: ["TulleBalancing"], swiftSettings: strict),
        .testTarget(name: "TulleTelemetryTests", dependencies: ["TulleTelemetry"], swiftSettings: strict),
        .testTarget(
            name: "TulleConfigTests", dependencies: ["TulleConfig", "TulleModel"], exclude: ["Good", "Wrong"],
            swiftSettings: strict),
        .testTarget(
            name: "TulleIdentityTests",
            dependencies: [
                "TulleIdentity",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "_CryptoExtras", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict),
        .testTarget(name: "TulleXDSTests", dependencies: ["TulleXDS"], swiftSettings: strict),
        .testTarget(
            name: "TulleXDSServerTests",
            dependencies: [
                "TulleTesting",
                "TulleXDSServer",
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TulleProxyTests",
            dependencies: [
                "TulleProxy",
                "TulleTesting",
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TulleCommandTests",
            dependencies: [
                "TulleCommand",
                "TulleControl",
                "TulleIdentity",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TulleControlTests",
            dependencies: [
                "TulleControl",
                "TulleIdentity",
                "TulleTesting",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
            ],
            exclude: ["Compile/Golden"],
            swiftSettings: strict),
    ]
)
