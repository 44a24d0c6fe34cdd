// Made by a script from the cases of KnownHeader; KnownHeaderTests holds it to them.

extension KnownHeader {
    /// Names a field by its length and its bytes as little-endian words in lower case.
    ///
    /// The name must be a token (RFC 9110, 5.6.2): among token bytes, setting bit 0x20 maps upper-case letters to lower
    /// case and nothing else onto a letter, a digit or `-`, so that word comparison is comparison without regard to case.
    @inline(__always)
    static func named(_ name: UnsafeRawPointer, _ length: Int) -> KnownHeader {
        switch length {
        case 2:
            switch word16(name, 0) {
            case 0x6574: return .te  // te
            case 0x3362: return .b3  // b3
            default: return .other
            }
        case 3:
            switch (word16(name, 0), word16(name, 1)) {
            case (0x6976, 0x6169): return .via  // via
            case (0x6761, 0x6567): return .age  // age
            default: return .other
            }
        case 4:
            switch word32(name, 0) {
            case 0x74736F68: return .host  // host
            case 0x65746164: return .date  // date
            case 0x67617465: return .etag  // etag
            default: return .other
            }
        case 6:
            switch (word32(name, 0), word32(name, 2)) {
            case (0x65707865, 0x74636570): return .expect  // expect
            case (0x76726573, 0x72657672): return .server  // server
            case (0x65636361, 0x74706563): return .accept  // accept
            case (0x6B6F6F63, 0x65696B6F): return .cookie  // cookie
            case (0x6769726F, 0x6E696769): return .origin  // origin
            default: return .other
            }
        case 7:
            switch (word32(name, 0), word32(name, 3)) {
            case (0x69617274, 0x72656C69): return .trailer  // trailer
            case (0x72677075, 0x65646172): return .upgrade  // upgrade
            case (0x65666572, 0x72657265): return .referer  // referer
            default: return .other
            }
        case 8:
            switch word64(name, 0) {
            case 0x6E6F697461636F6C:  // location
                return .location
            default: break
            }
        case 9:
            switch word64(name, 0) {
            case 0x6564726177726F66:  // forwarde
                if word64(name, 1) == 0x646564726177726F { return .forwarded }  // forwarded
                return .other
            default: break
            }
        case 10:
            switch word64(name, 0) {
            case 0x697463656E6E6F63:  // connecti
                if word64(name, 2) == 0x6E6F697463656E6E { return .connection }  // connection
                return .other
            case 0x696C612D7065656B:  // keep-ali
                if word64(name, 2) == 0x6576696C612D7065 { return .keepAlive }  // keep-alive
                return .other
            case 0x6B6F6F632D746573:  // set-cook
                if word64(name, 2) == 0x65696B6F6F632D74 { return .setCookie }  // set-cookie
                return .other
            case 0x6567612D72657375:  // user-age
                if word64(name, 2) == 0x746E6567612D7265 { return .userAgent }  // user-agent
                return .other
            case 0x6174736563617274:  // tracesta
                if word64(name, 2) == 0x6574617473656361 { return .tracestate }  // tracestate
                return .other
            default: break
            }
        case 11:
            switch word64(name, 0) {
            case 0x6174732D63707267:  // grpc-sta
                if word64(name, 3) == 0x7375746174732D63 { return .grpcStatus }  // grpc-status
                return .other
            case 0x7261706563617274:  // tracepar
                if word64(name, 3) == 0x746E657261706563 { return .traceparent }  // traceparent
                return .other
            default: break
            }
        case 12:
            switch word64(name, 0) {
            case 0x7365757165722D78:  // x-reques
                if word64(name, 4) == 0x64692D7473657571 { return .xRequestID }  // x-request-id
                return .other
            case 0x74732D79786F7270:  // proxy-st
                if word64(name, 4) == 0x7375746174732D79 { return .proxyStatus }  // proxy-status
                return .other
            case 0x2D746E65746E6F63:  // content-
                if word64(name, 4) == 0x657079742D746E65 { return .contentType }  // content-type
                return .other
            case 0x6D69742D63707267:  // grpc-tim
                if word64(name, 4) == 0x74756F656D69742D { return .grpcTimeout }  // grpc-timeout
                return .other
            case 0x73656D2D63707267:  // grpc-mes
                if word64(name, 4) == 0x6567617373656D2D { return .grpcMessage }  // grpc-message
                return .other
            default: break
            }
        case 13:
            switch word64(name, 0) {
            case 0x7A69726F68747561:  // authoriz
                if word64(name, 5) == 0x6E6F6974617A6972 { return .authorization }  // authorization
                return .other
            case 0x6F632D6568636163:  // cache-co
                if word64(name, 5) == 0x6C6F72746E6F632D { return .cacheControl }  // cache-control
                return .other
            case 0x646F6D2D7473616C:  // last-mod
                if word64(name, 5) == 0x6465696669646F6D { return .lastModified }  // last-modified
                return .other
            default: break
            }
        case 14:
            switch word64(name, 0) {
            case 0x2D746E65746E6F63:  // content-
                if word64(name, 6) == 0x6874676E656C2D74 { return .contentLength }  // content-length
                return .other
            case 0x65732D3270747468:  // http2-se
                if word64(name, 6) == 0x73676E6974746573 { return .http2Settings }  // http2-settings
                return .other
            default: break
            }
        case 15:
            switch word64(name, 0) {
            case 0x726177726F662D78:  // x-forwar
                if word64(name, 7) == 0x726F662D64656472 { return .xForwardedFor }  // x-forwarded-for
                return .other
            case 0x652D747065636361:  // accept-e
                if word64(name, 7) == 0x676E69646F636E65 { return .acceptEncoding }  // accept-encoding
                return .other
            default: break
            }
        case 16:
            switch word64(name, 0) {
            case 0x6F632D79786F7270:  // proxy-co
                if word64(name, 8) == 0x6E6F697463656E6E { return .proxyConnection }  // proxy-connection
                return .other
            case 0x726177726F662D78:  // x-forwar
                if word64(name, 8) == 0x74736F682D646564 { return .xForwardedHost }  // x-forwarded-host
                if word64(name, 8) == 0x74726F702D646564 { return .xForwardedPort }  // x-forwarded-port
                return .other
            case 0x2D746E65746E6F63:  // content-
                if word64(name, 8) == 0x676E69646F636E65 { return .contentEncoding }  // content-encoding
                return .other
            case 0x687475612D777777:  // www-auth
                if word64(name, 8) == 0x6574616369746E65 { return .wwwAuthenticate }  // www-authenticate
                return .other
            default: break
            }
        case 17:
            switch word64(name, 0) {
            case 0x726566736E617274:  // transfer
                // transfer-encoding
                if word64(name, 8) == 0x6E69646F636E652D && word64(name, 9) == 0x676E69646F636E65 {
                    return .transferEncoding
                }
                return .other
            case 0x726177726F662D78:  // x-forwar
                // x-forwarded-proto
                if word64(name, 8) == 0x746F72702D646564 && word64(name, 9) == 0x6F746F72702D6465 {
                    return .xForwardedProto
                }
                return .other
            case 0x736265772D636573:  // sec-webs
                // sec-websocket-key
                if word64(name, 8) == 0x656B2D74656B636F && word64(name, 9) == 0x79656B2D74656B63 {
                    return .secWebSocketKey
                }
                return .other
            default: break
            }
        case 18:
            switch word64(name, 0) {
            case 0x75612D79786F7270:  // proxy-au
                // proxy-authenticate
                if word64(name, 8) == 0x616369746E656874 && word64(name, 10) == 0x6574616369746E65 {
                    return .proxyAuthenticate
                }
                return .other
            default: break
            }
        case 19:
            switch word64(name, 0) {
            case 0x75612D79786F7270:  // proxy-au
                // proxy-authorization
                if word64(name, 8) == 0x74617A69726F6874 && word64(name, 11) == 0x6E6F6974617A6972 {
                    return .proxyAuthorization
                }
                return .other
            default: break
            }
        case 20:
            switch word64(name, 0) {
            case 0x736265772D636573:  // sec-webs
                // sec-websocket-accept
                if word64(name, 8) == 0x63612D74656B636F && word64(name, 12) == 0x7470656363612D74 {
                    return .secWebSocketAccept
                }
                return .other
            default: break
            }
        case 21:
            switch word64(name, 0) {
            case 0x736265772D636573:  // sec-webs
                // sec-websocket-version
                if word64(name, 8) == 0x65762D74656B636F && word64(name, 13) == 0x6E6F69737265762D {
                    return .secWebSocketVersion
                }
                return .other
            default: break
            }
        case 23:
            switch word64(name, 0) {
            case 0x726177726F662D78:  // x-forwar
                // x-forwarded-client-cert
                if word64(name, 8) == 0x65696C632D646564 && word64(name, 15) == 0x747265632D746E65 {
                    return .xForwardedClientCert
                }
                return .other
            default: break
            }
        default: break
        }
        return length > 8 && word64(name, 0) == 0x2D796F766E652D78 ? .xEnvoy : .other  // x-envoy-
    }

    @inline(__always)
    private static func word16(_ name: UnsafeRawPointer, _ offset: Int) -> UInt16 {
        UInt16(littleEndian: name.loadUnaligned(fromByteOffset: offset, as: UInt16.self)) | 0x2020
    }

    @inline(__always)
    private static func word32(_ name: UnsafeRawPointer, _ offset: Int) -> UInt32 {
        UInt32(littleEndian: name.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) | 0x2020_2020
    }

    @inline(__always)
    private static func word64(_ name: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: name.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) | 0x2020_2020_2020_2020
    }
}
