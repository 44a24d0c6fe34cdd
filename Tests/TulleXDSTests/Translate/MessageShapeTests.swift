import SwiftProtobuf
import Testing

@testable import TulleXDS

@Suite("The field tables")
struct MessageShapeTests {
    @Test("every message, and every enumeration, that a field names has a table of its own")
    func closed() {
        func check(_ kind: FieldShape.Kind, _ place: String) {
            switch kind {
            case .message(let name) where !name.hasPrefix("google.protobuf."):
                #expect(MessageShape.named(name) != nil, "\(place) names \(name)")
            case .enumeration(let name): #expect(EnumShape.named(name) != nil, "\(place) names \(name)")
            case .map(let inner): check(inner, place)
            default: break
            }
        }
        for shape in MessageShape.tables {
            for field in shape.fields { check(field.kind, "\(shape.name).\(field.name)") }
        }
    }

    @Test("a field is found by both of its spellings")
    func spellings() throws {
        let shape = try #require(MessageShape.named(Envoy_Config_Cluster_V3_Cluster.protoMessageName))
        #expect(shape.field("connect_timeout")?.number == 4)
        #expect(shape.field("connectTimeout")?.number == 4)
        #expect(shape.field("ConnectTimeout") == nil)
    }

    @Test("every type that may stand in an Any has a table")
    func extensions() {
        for type in ExtensionPoint.allTypes {
            #expect(MessageShape.named(type.protoMessageName) != nil, "\(type.protoMessageName)")
        }
    }
}
