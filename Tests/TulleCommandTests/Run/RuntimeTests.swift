import Foundation
import Testing

@testable import TulleCommand

/// Ports and directories that a run holds.
struct RuntimeTests {
    @Test("two runs never get the same port while both live")
    func claims() throws {
        let first = PortClaim()
        let port = try first.take(on: "127.0.0.1")
        #expect(PortClaim.range.contains(port))
        let second = PortClaim()
        #expect(!second.claim(port))
        withExtendedLifetime(first) {}
    }

    @Test("a port is free again when its run has gone")
    func released() throws {
        let port = try PortClaim().take(on: "127.0.0.1")
        #expect(PortClaim().claim(port))
    }

    @Test("the directory of a run that was killed is swept up by the next, a living run's is not")
    func sweep() throws {
        let root = FileManager.default.temporaryDirectory.path + "/tulle-test-\(RunPlan.newInstance())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        let living = try RuntimeDirectory(name: "living", root: root)
        try living.write("x", to: "bootstrap.yaml")
        try FileManager.default.createDirectory(atPath: "\(root)/dead", withIntermediateDirectories: false)
        #expect(FileManager.default.createFile(atPath: "\(root)/dead/lock", contents: nil))
        let next = try RuntimeDirectory(name: "next", root: root)
        let names = try FileManager.default.contentsOfDirectory(atPath: root).sorted()
        #expect(names == ["living", "next"])
        living.remove()
        next.remove()
        #expect(try FileManager.default.contentsOfDirectory(atPath: root).isEmpty)
    }

    @Test("runs that start at once sweep up none of each other")
    func together() async throws {
        let root = FileManager.default.temporaryDirectory.path + "/tulle-test-\(RunPlan.newInstance())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for round in 0..<200 {
                        let directory = try RuntimeDirectory(name: "run-\(number)-\(round)", root: root)
                        try directory.write("x", to: "bootstrap.yaml")
                        #expect(FileManager.default.fileExists(atPath: directory.file("bootstrap.yaml")))
                        directory.remove()
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("a directory that others can write is refused")
    func unsafe() throws {
        let root = FileManager.default.temporaryDirectory.path + "/tulle-test-\(RunPlan.newInstance())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: root)
        #expect(throws: Failure.self) { try RuntimeDirectory(name: "x", root: root) }
    }
}
