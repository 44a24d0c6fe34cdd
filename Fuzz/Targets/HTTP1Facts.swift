import NIOCore

/// What a head says, as values that can be compared: of a request or of a response.
struct HTTP1Facts: Equatable {
    struct Field: Equatable {
        var name: [UInt8]
        var value: [UInt8]
    }

    var method: [UInt8] = []
    var status = 0
    var reason: [UInt8] = []
    var path: [UInt8] = []
    var query: [UInt8]?
    var authority: [UInt8] = []
    var framing = BodyFraming.none
    var version10 = false
    var keepAlive = true
    var upgrade = false
    var flags: [Bool] = []
    var fields: [Field] = []

    init(_ head: RequestHead) {
        head.block.withBytes { bytes in
            method = Array(bytes[head.methodRange])
            path = Array(bytes[head.path])
            query = head.hasQuery ? Array(bytes[head.query]) : nil
            authority = Array(bytes[head.authority])
        }
        framing = head.framing
        version10 = head.version10
        keepAlive = head.keepAlive
        upgrade = head.upgrade
        flags = [head.secureScheme, head.expectContinue, head.acceptsTrailers, head.nominatesFields]
        fields = Self.fields(head.block)
    }

    init(_ head: ResponseHead) {
        status = head.status
        reason = head.block.withBytes { Array($0[head.reason]) }
        framing = head.framing
        version10 = head.version10
        keepAlive = head.keepAlive
        flags = [head.switchesProtocols, head.nominatesFields]
        fields = Self.fields(head.block)
    }

    static func fields(_ block: HeaderBlock) -> [Field] {
        block.withBytes { bytes in
            block.fields.filter { !$0.isRemoved }
                .map { Field(name: Array(bytes[$0.nameRange]), value: Array(bytes[$0.valueRange])) }
        }
    }

    /// The fields as HTTP/2 writes them: names in lower case.
    var lowercasedFields: [Field] {
        fields.map { Field(name: $0.name.map(ByteClass.lower), value: $0.value) }
    }
}
