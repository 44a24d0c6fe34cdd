import TulleModel

/// Self-signed certificates for tests alone, good for a hundred years:
/// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/O=Tests, Inc./CN=first"
/// -addext "subjectAltName=URI:spiffe://mesh.test/ns/default/sa/first,DNS:first.test"`
enum TestCertificates {
    static let first = certificate(
        """
        -----BEGIN CERTIFICATE-----
        MIIB5DCCAYqgAwIBAgIUIO4wnXMj2MX6OzdmzHTFdFD1VuEwCgYIKoZIzj0EAwIw
        JjEUMBIGA1UECgwLVGVzdHMsIEluYy4xDjAMBgNVBAMMBWZpcnN0MCAXDTI2MTEz
        MDEyNTg1NFoYDzIxMjYxMTA2MTI1ODU0WjAmMRQwEgYDVQQKDAtUZXN0cywgSW5j
        LjEOMAwGA1UEAwwFZmlyc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQXunA/
        pNWKCFlPZHwmFfYfGfRh4vLuNNyEpHsJkvo7iL867Q0tipV0Vr/mb4sDQTjWK/24
        1riNM47spJ2VphKao4GTMIGQMB0GA1UdDgQWBBT81Ho0oTiH0Qta47lJLnH8AzHZ
        WzAfBgNVHSMEGDAWgBT81Ho0oTiH0Qta47lJLnH8AzHZWzAPBgNVHRMBAf8EBTAD
        AQH/MD0GA1UdEQQ2MDSGJnNwaWZmZTovL21lc2gudGVzdC9ucy9kZWZhdWx0L3Nh
        L2ZpcnN0ggpmaXJzdC50ZXN0MAoGCCqGSM49BAMCA0gAMEUCIBye7PdJE3rYMyte
        oxoTtri6+KC45h9xK88JjOZvBy6nAiEAo0JlQRHTkJdW1ZaygD2JGR2hZFT0Pv20
        Nej3FQwZrLI=
        -----END CERTIFICATE-----
        """,
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7Id0HorXLgQt5Ahh
        l+ZvJXbxGj/kmM4rsQVZOzE04HOhRANCAAQXunA/pNWKCFlPZHwmFfYfGfRh4vLu
        NNyEpHsJkvo7iL867Q0tipV0Vr/mb4sDQTjWK/241riNM47spJ2VphKa
        -----END PRIVATE KEY-----
        """)

    static let second = certificate(
        """
        -----BEGIN CERTIFICATE-----
        MIIB6DCCAY6gAwIBAgIUHz+TMHLcDzIPc4suyV0XtTzR0cAwCgYIKoZIzj0EAwIw
        JzEUMBIGA1UECgwLVGVzdHMsIEluYy4xDzANBgNVBAMMBnNlY29uZDAgFw0yNjEx
        MzAxMjU4NTRaGA8yMTI2MTEwNjEyNTg1NFowJzEUMBIGA1UECgwLVGVzdHMsIElu
        Yy4xDzANBgNVBAMMBnNlY29uZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMZ8
        EngH0X06aqRy6R1e29AF6xCoBZFyXYUTypoggaFLzGxHbN8P0Bi58rV6y1MgTtZi
        hruYi3J6aw+ugpvWLQ2jgZUwgZIwHQYDVR0OBBYEFLCtJUp3GuolJBwniwBESxyA
        tLKhMB8GA1UdIwQYMBaAFLCtJUp3GuolJBwniwBESxyAtLKhMA8GA1UdEwEB/wQF
        MAMBAf8wPwYDVR0RBDgwNoYnc3BpZmZlOi8vbWVzaC50ZXN0L25zL2RlZmF1bHQv
        c2Evc2Vjb25kggtzZWNvbmQudGVzdDAKBggqhkjOPQQDAgNIADBFAiEA8NKeXbvR
        TeDBZ3u1WgaQELfYwTv31cOpadqoHlOwEQ0CICnhZvUH4lNewHQAXfJVy+aj0FiC
        D1gdWEsWlvjbxWQz
        -----END CERTIFICATE-----
        """,
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9nTX1V1QzcJrzLX1
        DUELr/1EJ90TR78PnlW/FzVUPlWhRANCAATGfBJ4B9F9OmqkcukdXtvQBesQqAWR
        cl2FE8qaIIGhS8xsR2zfD9AYufK1estTIE7WYoa7mItyemsProKb1i0N
        -----END PRIVATE KEY-----
        """)

    private static func certificate(_ chain: String, _ key: String) -> TLSCertificate {
        TLSCertificate(chain: .bytes(Array(chain.utf8)), key: SecretSource(.bytes(Array(key.utf8))))
    }
}
