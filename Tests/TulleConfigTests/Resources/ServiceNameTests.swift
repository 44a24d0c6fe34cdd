import Testing
import TulleModel

@Suite struct ServiceNameTests {
    @Test("every host name of a service means it, and only it")
    func roundTrip() {
        let web = ServiceName("web", namespace: "shop")
        for host in web.hostNames(from: "shop") { #expect(ServiceName(host: host, from: "shop") == web) }
        let elsewhere = web.hostNames(from: "other")
        #expect(!elsewhere.contains("web"))
        for host in elsewhere { #expect(ServiceName(host: host, from: "other") == web) }
        #expect(ServiceName(host: "WEB.Shop.", from: "x") == web)
        for host in ["", ".", "a..b", "www.example.com.", "a.b.c.cluster.local", "1.2.3.4"] {
            #expect(ServiceName(host: host, from: "x") == nil)
        }
    }
}
