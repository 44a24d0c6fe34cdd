import Testing

@testable import TulleCommand

/// What `tulle control` is told.
struct ControlSettingsTests {
    private func settings(
        data: String? = nil, db: String? = nil, api: String? = nil, in environment: [String: String] = [:]
    ) throws -> ControlSettings {
        try ControlSettings(
            watch: nil, data: data, db: db, api: api, xds: nil, gracePeriod: nil, insecure: false, logLevel: nil,
            in: environment)
    }

    @Test("the store is in the user's state folder unless said otherwise")
    func store() throws {
        #expect(try settings(in: ["HOME": "/home/u"]).storePath == "/home/u/.local/state/tulle/mesh.db")
        #expect(try settings(in: ["XDG_STATE_HOME": "/s"]).storePath == "/s/tulle/mesh.db")
        #expect(try settings(data: "/d", in: ["TULLE_DATA": "/e"]).storePath == "/d/mesh.db")
        #expect(try settings(data: "/d", db: "/x.db").storePath == "/x.db")
    }

    @Test("addresses come from flags, then the environment, then the usual ports")
    func addresses() throws {
        let usual = try settings()
        #expect(usual.apiPort == 15_080 && usual.xdsPort == 15_010 && usual.apiHost == "127.0.0.1")
        #expect(try settings(in: ["TULLE_API": "127.0.0.1:1"]).apiPort == 1)
        #expect(throws: Failure.self) { try settings(api: "nonsense") }
    }
}
