import FoundationEssentials
import Logging
import Testing
import TulleModel

@testable import TulleXDS

@Suite struct ResourceCacheTests {
    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = "/tmp/tulle-cache-\(UInt64.random(in: 0...(.max)))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }

    @Test("what was kept is read back, without what was removed")
    func roundTrip() async throws {
        try await withDirectory { directory in
            let cache = ResourceCache(directory: directory, node: "n", logger: quiet)
            let resources = [Sample.hashed(.cluster, "a", text: "1"), Sample.hashed(.cluster, "b", text: "ü")]
            await cache.record(.cluster, accepted: resources, removed: [])
            await cache.record(.listener, accepted: [Sample.hashed(.listener, "l")], removed: [])
            await cache.record(.listener, accepted: [], removed: ["l"])
            await cache.flush()
            let read = await ResourceCache(directory: directory, node: "n", logger: quiet).load()
            #expect(read == [.cluster: resources])
            let files = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(files.sorted() == ["cds.xds", "lds.xds"])
        }
    }

    @Test("a file of another node, a cut one and one with a changed byte are passed over")
    func damaged() async throws {
        try await withDirectory { directory in
            let cache = ResourceCache(directory: directory, node: "n", logger: quiet)
            await cache.record(.cluster, accepted: [Sample.hashed(.cluster, "a", text: "text")], removed: [])
            await cache.flush()
            #expect(await ResourceCache(directory: directory, node: "m", logger: quiet).load() == [:])
            let path = "\(directory)/cds.xds"
            let good = try Data(contentsOf: URL(filePath: path))
            for length in 0..<good.count {
                try good.prefix(length).write(to: URL(filePath: path))
                let cut = await cache.load()
                #expect(cut == [:], "cut at \(length)")
                var changed = good
                changed[length] ^= 0x20
                try changed.write(to: URL(filePath: path))
                let damaged = await cache.load()
                #expect(damaged == [:], "changed at \(length)")
            }
            try good.write(to: URL(filePath: path))
            #expect(await cache.load()[.cluster]?.count == 1)
        }
    }

    @Test("a disk that cannot be written to is survived")
    func noDisk() async throws {
        let cache = ResourceCache(directory: "/dev/null/here", node: "n", logger: quiet)
        await cache.record(.cluster, accepted: [Sample.hashed(.cluster, "a")], removed: [])
        await cache.flush()
        #expect(await cache.load() == [:])
        // Every write to this device fails as on a full disk.
        let full = ResourceCache(directory: "/dev/full", node: "n", logger: quiet)
        await full.record(.cluster, accepted: [Sample.hashed(.cluster, "a")], removed: [])
        await full.flush()
    }
}
