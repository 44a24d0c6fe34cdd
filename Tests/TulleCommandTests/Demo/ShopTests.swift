import Foundation
import Testing
import TulleConfig

@testable import TulleCommand

/// The demo's shop.
struct ShopTests {
    private let files = ShopFiles(folder: "/shop", node: "/n", python: "/p", checkout: "/c", redis: "/r")

    @Test("the shop has five services and Redis, two catalogs and two versions of reviews")
    func instances() {
        var port: UInt16 = 20_000
        let shop = ShopInstance.shop(files) {
            port += 1
            return port
        }
        #expect(shop.map(\.name) == ["redis", "catalog-1", "catalog-2", "reviews-v1", "reviews-v2", "checkout", "web"])
        #expect(Set(shop.compactMap(\.port)).count == shop.count)
        let review = shop.first { $0.name == "reviews-v2" }
        #expect(
            review?.runArguments == [
                "run", "--service", "reviews", "--port", "\(review?.port ?? 0):http", "--label", "version=v2", "--",
                "/p",
                "/shop/reviews/reviews.py",
            ])
    }

    @Test("a shop without Redis does without its counter")
    func withoutRedis() {
        var files = files
        files.redis = nil
        let shop = ShopInstance.shop(files) { 1 }
        #expect(shop.count == 6)
        let upstreams = shop.flatMap(\.upstreams)
        #expect(upstreams.isEmpty)
    }

    @Test("the shop's resources are right", arguments: ["half", "mostly-v1", "all-v2"])
    func resources(route: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().path + "/../../../Examples/shop/mesh"
        let files = try ResourceFiles(["\(folder)/services.yaml", "\(folder)/reviews-\(route).yaml"])
        var set = ResourceSet()
        for file in files.files { try set.add(ResourceSet.decode(file.bytes, file: file.name)) }
        try set.validate()
        #expect(set.documents.count == 8)
    }

    @Test("what came since an earlier report is told")
    func since() {
        let earlier = LoadReport(requests: 10, errors: 1, v1: 9, v2: 0, lastErrors: ["a"])
        let later = LoadReport(requests: 30, errors: 2, v1: 10, v2: 18, lastErrors: ["a", "b"])
        #expect(later.since(earlier) == LoadReport(requests: 20, errors: 1, v1: 1, v2: 18, lastErrors: ["b"]))
    }
}
