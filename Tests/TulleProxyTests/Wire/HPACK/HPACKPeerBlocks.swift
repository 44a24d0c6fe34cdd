import Testing

/// Field blocks by the Python package hpack (4.2), which is no relation of this decoder, and what they hold.
///
/// They were made once: for each connection below, one `hpack.Encoder`, whose `header_table_size` is set before some blocks
/// (as a peer does whose setting has changed), and `encode(fields, huffman=...)` a block. `authorization` was given as
/// a `NeverIndexedHeaderTuple`. `huffman` holds `HuffmanEncoder.encode` of all bytes, which no valid field has.
enum HPACKPeerBlocks {
    struct Block {
        let hex: String
        /// `name: value`, pseudo-fields in the order of `HPACKHarness.fields`.
        let fields: [String]
    }

    struct Connection: CustomTestStringConvertible {
        let testDescription: String
        let blocks: [Block]
    }

    /// Bytes, and their code, in hexadecimal digits.
    static let huffman: [(bytes: String, code: String)] = [
        (
            bytes:
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031"
                + "32333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60616263"
                + "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495"
                + "969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7"
                + "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9"
                + "fafbfcfdfeff",
            code: "ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ffffeafffffff3fffffa7fffffabffffffdfffffeb"
                + "fffffecfffffedfffffeefffffefffffff0ffffff1ffffff2fffffffbfffffcffffffd3fffffd7fffffdbfffffdffffffe3f"
                + "ffffe7fffffebfffffed4fe3f9ffaffcabf1febfafefe7fdfd2cbb00089969b71d79fb9f7fff20ffbff3ff50ddbd7f061c58"
                + "f265cd9f469d5af66dddbf871e5f9cff7ff7fffc3ff9ffe45fff4719242cb34e6e9d68a6a3d7dac426defe3cfaf7fffbfe7f"
                + "fbffdffffffcfffe6ffff4bfff9ffffa3fffd3ffff53fffd5ffffb3fffeb7fffdaffffb7ffff73fffeeffffdeffffebffffb"
                + "fffffd9ffffdbfffebffffe0ffffeeffffc3ffff8bffff1ffffe4fffee7fffb1ffff97fffd9ffffcdffff9fffffbffffdaff"
                + "feeffff4ffffb7fffee7fffe8ffffd3fffdeffffd5fffeeffffbdffffe1fffdfffff7fffff5ffffecffff07fff87fffe0fff"
                + "f17fffedffff87ffff77fffeffffeaffff8bfffe3ffff93ffff87fffcbffff37ffff1fffff83ffffe1fffebfffe3ffff3fff"
                + "ff2ffffa3ffffd9fffff17ffffc7fffff27ffffdefffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff87fff"
                + "fe7fffffc5ffffe5fffe4ffff2fffffd1fffff4ffffffefffffe3fffffc9fffff97fffb3ffffcffffb7fffcdffff4ffff9ff"
                + "ffd1ffffcffffeaffffafffffddffffeffffff4fffff5fffffabffffa7ffffd7fffff9bffffecfffffb7fffff3fffffe8fff"
                + "ffd3fffffabfffff5fffffff7ffffecfffffdbfffffbbfffff7ffffff0fffffbbf"
        ),
        (
            bytes:
                "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0dfdedddcdbdad9d8d7d6d5d4d3d2d1d0cfce"
                + "cdcccbcac9c8c7c6c5c4c3c2c1c0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0afaeadacabaaa9a8a7a6a5a4a3a2a1a09f9e9d9c"
                + "9b9a999897969594939291908f8e8d8c8b8a898887868584838281807f7e7d7c7b7a797877767574737271706f6e6d6c6b6a"
                + "696867666564636261605f5e5d5c5b5a595857565554535251504f4e4d4c4b4a494847464544434241403f3e3d3c3b3a3938"
                + "37363534333231302f2e2d2c2b2a292827262524232221201f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706"
                + "050403020100",
            code: "fffffbbfffff87ffffeffffffddfffffb7fffff67ffffff7ffffebfffffd5fffffa7fffff47ffffe7fffffb7ffffecfffffc"
                + "dfffff5fffff4fffffabffffd7ffffd3ffffdfffffeeffffaffffeaffffe7fffe8ffff3ffffd3fffe6fffedfffff3fffecff"
                + "fffcbfffff93fffff1ffffffefffffd3fffff47fff97fffc9ffffe5fffff8bffffe7fffffc3fffff83ffffe6ffff1ffff2ff"
                + "fff6fffff8fffffcbfffff7fffffef7ffffc9fffff1fffffc5ffffecffffa3ffff97fffcffffc7fffafffffe1fffff83ffff"
                + "8ffffcdffff2fffff0ffff93fffe3ffff8bfffabffff7ffffeeffff87ffff6ffff8bfffe0ffff0ffff83ffff67fffebffff7"
                + "ffffbfffffe1fffef7fffbbffffabfffbdffffa7ffff47fffb9fffedffff4ffff77fffdaffffefffffcfffff9bfffd9ffffc"
                + "bfffec7fff73ffff27fffe3ffffc5ffff87ffffbbffff07fffafffffdbffffd9ffff7fffffaffffef7fffddffffb9ffff6ff"
                + "ffed7fffadffff67fffd5ffff53fffd3fffe8fffe7ffff4bfff9bffffff3ffbffeffcfffdefd79f1ded4a2ced59eaa68ebd0"
                + "d3cd29642463fffb17ff9ffcfffe1ffbfde7f9cb8f0dfbb6ecd7ab4e8cf9b2e4c78b0e0bf7aec3ffaff3fee0fff9f771f79d"
                + "71b6991040c2eb7d7fbf9feffaff5f0affe7febf9fe14ffffffbffffffaffffff9ffffff8ffffff7ffffff6ffffff5ffffff"
                + "4ffffff3fffffffbfffffcbfffffc7fffffc3fffffbffffffbbfffffb7fffffb3fffffafffffffdfffffeafffffe9fffffff"
                + "3ffffabfffffa3fffff9ffffff9bfffff97fffff93fffff8ffffff8bfffec7fe3f"
        ),
        (
            bytes:
                "69cbb24d23bf1dd082aa0991f886814956d7e2a29f07ddb9b4244effa70aef34a9a65599ad2dcd9d35f63ec88dbc57ec84c0"
                + "b045fb0ed893db1edc5ea55927eda8c3873941deba7b2b926b8a609a6d965c023b6fb133153d7c4a8303a0df4c066ace61ea"
                + "2fcfd9750f76081be67ae0979ec712f35036325a790b77e94240fdc1bbd3d14422b7e704289c8cf2bdc4da8e9052805f7188"
                + "a138745d013cccbe177f9b29abe4fa62114f5195c946f1a4ee1400b62e78105330d237588f733fd6674b0563ebe166c67e0d"
                + "6889436e85180c31f5268b16c525e8f7aff07dcad45b4764acb319ae65b51a1c2a1f206cc2b821fc72fef4e394e52c13d570"
                + "a3f99848543a",
            code: "37ffffdeffff8347fd7ffff1ffffff9fffe5fffcffffef7ffff57ffff6fffffebffff57fffd2c9c7ffffcbfffb7fffa7ffff"
                + "bffffff9ffffff1ffffc5ffffb7ff3a7ffffeefffef7ffffff9ffffd1affff77ffff4f0fffee7fffbeb7ffffcbffff99bfff"
                + "ffd3ff7fffff17fffdeffffe1cbffffd3fffd3fffff83fffc183fffff6ffffff5ffff93ffff07ffffd3ffffff5ffffffbffe"
                + "7fffe8e7febffffd7ffff57fff1ffffb2fc3fffff93fffe3fffdfeffffd7ebffff6fffeffffb14ffffe2fffe1fffffc5f67f"
                + "fff0b3fffffe507fccbfffd1fffffc7fffed7ffffe5cffffffcdd3ffffc47ffffee63ffffdbfffe5b7fffffb3bffffff47ff"
                + "fffbffffa3dffff67fffe3ffffcfffffecfffffeffffffb75b82fdf5fffffd3e3fffebbbffafffffdffffff0ffffc9fffff8"
                + "3fffc77ff9ffffdfffffcffffff93faffff67fffeefffffd9ffff2ffffcffffff47ffff5fffff66dfffe68bb7fffadfffdd7"
                + "93ffcffffb1fff3ffffefffffcdfffffe7ffffff9ffff97fbfffff0ffffa7fffff647fffffddab67fffe1fffff8f0fffffe6"
                + "ffff73ffffeaffffff1ffc7fffee5fcffffff6ee07ffffccefe7fffdf47f9fffff8a6cdfffffca4fffff7fffff9cbffff47f"
                + "f7ffffffd9ffffed5eabfffd4ffffff4fffffea0fffffe8f8ffffb9fffffff7ffff257fffeafffffd5ffffb3ffffebfff7ff"
                + "ffe4fffffc3ffbc527fff7ffffc5fffffebffffacbffff0ffffffb7fffffc7cffffffda947fff5ffff57f1fffffbacfffffe"
                + "1fffff9ffffcdffffddfffe7faffffff0fffff9ebffff6fffffffbffff263df73f"
        ),
    ]

    static let connections: [Connection] = [
        Connection(
            testDescription: "a browser asks again",
            blocks: [
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab7ab4"
                        + "d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bed4b3bdc0880b83fb531149d4ec0801000200a984"
                        + "d61653f9602202e053a0497ca589d34d1f43aeba0c41a4c7a98f34d1f7da002effd7cb1f3f7da002ef7f518b"
                        + "2d4b70ddf45abefb4005db508d9bd9abfa5242cb40d25fa523b34089f2b585ed6950958d279a04af4a391b8d"
                        + "691f246b34e3f2ac30b8dace81e71d744f3ed80b",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
                Block(
                    hex: "8387c4c3c2c1c0bfbe",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
                Block(
                    hex: "8387c4c3c2c1c0bf7e9a748f95c71d7d675a136b34090ab3ed351ac503b29032be0195df1f0890ba51d85b14"
                        + "1c645efe0c2b044cc5ffdf",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 7c9e6679-7425-40de-944b-e07fc1f90ae7",
                        "authorization: Bearer abc.DEF-123_~",
                    ]),
                Block(
                    hex: "8387c5c4c3c2c1c0bf",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
            ]),
        Connection(
            testDescription: "without Huffman codes",
            blocks: [
                Block(
                    hex: "8387411573686f702e64656661756c742e7376633a38343433441b2f6170692f76312f6974656d733f69643d"
                        + "3137266c616e673d656e7a464d6f7a696c6c612f352e3020285831313b204c696e7578207838365f36343b20"
                        + "72763a3132302e3029204765636b6f2f32303130303130312046697265666f782f3132302e30532974657874"
                        + "2f68746d6c2c6170706c69636174696f6e2f786d6c3b713d302e392c2a2f2a3b713d302e38510e656e2d5553"
                        + "2c656e3b713d302e355011677a69702c206465666c6174652c206272400c782d726571756573742d69642430"
                        + "663866616435622d643963622d343639662d613136352d373038363737323839353065",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
                Block(
                    hex: "8387c4c3c2c1c0",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                    ]),
            ]),
        Connection(
            testDescription: "every visible byte and some that are not ASCII",
            blocks: [
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab4084"
                        + "f2b0e8a3dcfe7067feffcffb635d9bffaffe1414a7f27cc38ff8fff5f37faa9527fef4deec2fbe98aeffc737"
                        + "65fffbebbe897f7eb27fea159efff9fffc3c87e62c2cf5dbff96f8ecf1056d6a92db88766fff3e3ffabf23ff"
                        + "fec77e8ffae7ef87fb4085f2b5a995efb89acfffe3ffffc3fff8fffff797e94ffff47fffe3ffffd1fffe8fff"
                        + "f67fffbfffff57fffbdffff9fe94fffedfffe7fffeffd29fffc7ffff8f4085f2b507aa6fffc101ffeffcfffd"
                        + "ffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ff"
                        + "effcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7f"
                        + "dffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9f"
                        + "ff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffd"
                        + "ffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ff"
                        + "effcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7f"
                        + "dffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9fff7ffe7fdffff0ffeffcfffdffefff9f"
                        + "ff7ffe7fdffff04086f2b169ad3ebf80",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-all: \"EL)?>/PrT(]e0mtXhKab!}9i'n%c[NCq2;jGB|6SJ`yvMfZ,I@A-8<\\x1*_F3kR$5VQw=p4Odu:s"
                            + "7g^&~.Wo{HDl#YzU+",
                        "x-utf8: grüße, 日本語, €, ÿ",
                        "x-long: ~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>"
                            + "\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}"
                            + "^`<>\\~|{}^`<>\\~|{}^`<>\\~|{}^`<>\\",
                        "x-empty: ",
                    ]),
                Block(
                    hex: "8387c3c27f02dcff7c3df3ffaa2fe3fffc7e4bfff7e3ffc99d45cb64d4d57078d9c5bffcedeace18be43e7ff"
                        + "f87ffc79687ff593ebf65d1dfd7ffdcbb9cff977174fb176bda7ff6456aff467fffdfe231e69ff13480bffcf"
                        + "eb7d9ad8ffbff3fbcf83f94084f2b2471f851fffff547f",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-all: +UzY#lDH{oW.~&^g7s:udO4p=wQV5$Rk3F_*1x\\<8-A@I,ZfMvy`JS6|BGj;2qCN[c%n'i9}!baKhX"
                            + "tm0e](TrP/>?)LE\"",
                        "x-tab: a\tb",
                    ]),
            ]),
        Connection(
            testDescription: "more fields than the table holds",
            blocks: [
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab4084"
                        + "f2b7507f81074084f2b750ff87efdfbf7efdfb874084f2b7517f8defdfbf7efdfbf7efdfbf7efdc54084f2b7"
                        + "567f94efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7eecff4084f2b756bf9aefdfbf7efdfbf7efdfbf7efdfbf7"
                        + "efdfbf7efdfbf7efdfbf76bf4084f2b756ffa0efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7e"
                        + "fdfbf7efdfbb7f4084f2b7573fa6efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdf"
                        + "bf7efdfbf7efddcf4084f2b7577facefdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7ef"
                        + "dfbf7efdfbf7efdfbf7efdfbf7eeef4084f2b757bfb2efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7ef"
                        + "dfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf77b4084f2b757ff83efddff4084f2b75083"
                        + "8aefdfbf7efdfbf7ee107f4084f2b7508790efdfbf7efdfbf7efdfbf7efdfbf7087f4084f2b7508b96efdfbf"
                        + "7efdfbf7efdfbf7efdfbf7efdfbf7efdfb845f4084f2b750b39cefdfbf7efdfbf7efdfbf7efdfbf7efdfbf7e"
                        + "fdfbf7efdfbf7efdc2cf4084f2b750b5a2efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfb"
                        + "f7efdfbf7ee16b4084f2b750b7a8efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdf"
                        + "bf7efdfbf7efdfbf70b74084f2b750b9aeefdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfb"
                        + "f7efdfbf7efdfbf7efdfbf7efdfbf7efdfb85c4084f2b750bbb5efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7e"
                        + "fdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdc2eff4084f2b750bd85efdf"
                        + "bf70bd4084f2b750bf8befdfbf7efdfbf7efdfb85f4084f2b7510391efdfbf7efdfbf7efdfbf7efdfbf7efdc"
                        + "404084f2b7510798efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7ee20ff4084f2b7510b9eefdfbf7efd"
                        + "fbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf710bf4084f2b75133a4efdfbf7efdfbf7efdfbf7efd"
                        + "fbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfb899f4084f2b75135aaefdfbf7efdfbf7efdfbf7efdfb"
                        + "f7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdc4d74084f2b75137b0efdfbf7efdfbf7ef"
                        + "dfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7ee26f4084f2b7"
                        + "5139b6efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfb"
                        + "f7efdfbf7efdfbf7efdfbf71394084f2b7513b87efdfbf7efdc4ef4084f2b7513d8defdfbf7efdfbf7efdfbf"
                        + "7ee27b4084f2b7513f93efdfbf7efdfbf7efdfbf7efdfbf7efdfbf713f4084f2b7564199efdfbf7efdfbf7ef"
                        + "dfbf7efdfbf7efdfbf7efdfbf7efdfbb204084f2b75643a0efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfb"
                        + "f7efdfbf7efdfbf7efdd90ff4084f2b75645a6efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7e"
                        + "fdfbf7efdfbf7efdfbf7eec8bf4084f2b75659acefdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf"
                        + "7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7659f4084f2b7565ab2efdfbf7efdfbf7efdfbf7efdfbf7efdfbf"
                        + "7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbb2d74084f2b7565b83eecb7f40"
                        + "84f2b7565c89efdfbf7efdfbf765cf4084f2b7565d8fefdfbf7efdfbf7efdfbf7efdfbb2ef4084f2b7565e95"
                        + "efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdd97b4084f2b7565f9befdfbf7efdfbf7efdfbf7efdfbf7efdf"
                        + "bf7efdfbf7efdfbf7eecbf4084f2b75681a1efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efd"
                        + "fbf7efdfbf76814084f2b75683a7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdf"
                        + "bf7efdfbf7efdfbb414084f2b75685aeefdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7"
                        + "efdfbf7efdfbf7efdfbf7efdfbf7efdda17f4084f2b75699b4efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efd"
                        + "fbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7eed33f4084f2b7569a85efdfbb4d"
                        + "7f4084f2b7569b8befdfbf7efdfbf7efdda6ff4084f2b7569c91efdfbf7efdfbf7efdfbf7efdfbf7eed39f40"
                        + "84f2b7569d97efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf769df4084f2b7569e9defdfbf7efdfbf7ef"
                        + "dfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbb4f74084f2b7569fa3efdfbf7efdfbf7efdfbf7efdfbf7efdf"
                        + "bf7efdfbf7efdfbf7efdfbf7efdfbf7efdda7f4084f2b756c1a9efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7e"
                        + "fdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7eed834084f2b756c3afefdfbf7efdfbf7efdfbf7efdfbf7"
                        + "efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf76c34084f2b756c5b5efdfbf7e"
                        + "fdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfb"
                        + "f7efdfbb624084f2b756d986efdfbf7eedb34084f2b756da8cefdfbf7efdfbf7efdfbf76da4084f2b756db93"
                        + "efdfbf7efdfbf7efdfbf7efdfbf7efdfbb6dff4084f2b756dc99efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7e"
                        + "fdfbf7efddb73f4084f2b756dd9fefdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7eedb"
                        + "bf4084f2b756dea5efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf76d"
                        + "ef4084f2b756dfabefdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7ef"
                        + "dfbf7efdfbb6ff",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-k0: 0",
                        "x-k1: vvvvvvv1",
                        "x-k2: vvvvvvvvvvvvvv2",
                        "x-k3: vvvvvvvvvvvvvvvvvvvvv3",
                        "x-k4: vvvvvvvvvvvvvvvvvvvvvvvvvvvv4",
                        "x-k5: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv5",
                        "x-k6: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv6",
                        "x-k7: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv7",
                        "x-k8: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv8",
                        "x-k9: vv9",
                        "x-k10: vvvvvvvvv10",
                        "x-k11: vvvvvvvvvvvvvvvv11",
                        "x-k12: vvvvvvvvvvvvvvvvvvvvvvv12",
                        "x-k13: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvv13",
                        "x-k14: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv14",
                        "x-k15: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv15",
                        "x-k16: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv16",
                        "x-k17: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv17",
                        "x-k18: vvvv18",
                        "x-k19: vvvvvvvvvvv19",
                        "x-k20: vvvvvvvvvvvvvvvvvv20",
                        "x-k21: vvvvvvvvvvvvvvvvvvvvvvvvv21",
                        "x-k22: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv22",
                        "x-k23: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv23",
                        "x-k24: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv24",
                        "x-k25: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv25",
                        "x-k26: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv26",
                        "x-k27: vvvvvv27",
                        "x-k28: vvvvvvvvvvvvv28",
                        "x-k29: vvvvvvvvvvvvvvvvvvvv29",
                        "x-k30: vvvvvvvvvvvvvvvvvvvvvvvvvvv30",
                        "x-k31: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv31",
                        "x-k32: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv32",
                        "x-k33: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv33",
                        "x-k34: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv34",
                        "x-k35: v35",
                        "x-k36: vvvvvvvv36",
                        "x-k37: vvvvvvvvvvvvvvv37",
                        "x-k38: vvvvvvvvvvvvvvvvvvvvvv38",
                        "x-k39: vvvvvvvvvvvvvvvvvvvvvvvvvvvvv39",
                        "x-k40: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv40",
                        "x-k41: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv41",
                        "x-k42: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv42",
                        "x-k43: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv43",
                        "x-k44: vvv44",
                        "x-k45: vvvvvvvvvv45",
                        "x-k46: vvvvvvvvvvvvvvvvv46",
                        "x-k47: vvvvvvvvvvvvvvvvvvvvvvvv47",
                        "x-k48: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv48",
                        "x-k49: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv49",
                        "x-k50: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv50",
                        "x-k51: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv51",
                        "x-k52: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv52",
                        "x-k53: vvvvv53",
                        "x-k54: vvvvvvvvvvvv54",
                        "x-k55: vvvvvvvvvvvvvvvvvvv55",
                        "x-k56: vvvvvvvvvvvvvvvvvvvvvvvvvv56",
                        "x-k57: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv57",
                        "x-k58: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv58",
                        "x-k59: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv59",
                    ]),
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405abc0c1"
                        + "c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebeced"
                        + "eeeff0f1f2f3f4f5f6f7f84084f2b7517f8defdfbf7efdfbf7efdfbf7efdc54084f2b750ff87efdfbf7efdfb"
                        + "874084f2b7507f8107",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-k59: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv59",
                        "x-k58: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv58",
                        "x-k57: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv57",
                        "x-k56: vvvvvvvvvvvvvvvvvvvvvvvvvv56",
                        "x-k55: vvvvvvvvvvvvvvvvvvv55",
                        "x-k54: vvvvvvvvvvvv54",
                        "x-k53: vvvvv53",
                        "x-k52: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv52",
                        "x-k51: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv51",
                        "x-k50: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv50",
                        "x-k49: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv49",
                        "x-k48: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv48",
                        "x-k47: vvvvvvvvvvvvvvvvvvvvvvvv47",
                        "x-k46: vvvvvvvvvvvvvvvvv46",
                        "x-k45: vvvvvvvvvv45",
                        "x-k44: vvv44",
                        "x-k43: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv43",
                        "x-k42: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv42",
                        "x-k41: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv41",
                        "x-k40: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv40",
                        "x-k39: vvvvvvvvvvvvvvvvvvvvvvvvvvvvv39",
                        "x-k38: vvvvvvvvvvvvvvvvvvvvvv38",
                        "x-k37: vvvvvvvvvvvvvvv37",
                        "x-k36: vvvvvvvv36",
                        "x-k35: v35",
                        "x-k34: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv34",
                        "x-k33: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv33",
                        "x-k32: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv32",
                        "x-k31: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv31",
                        "x-k30: vvvvvvvvvvvvvvvvvvvvvvvvvvv30",
                        "x-k29: vvvvvvvvvvvvvvvvvvvv29",
                        "x-k28: vvvvvvvvvvvvv28",
                        "x-k27: vvvvvv27",
                        "x-k26: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv26",
                        "x-k25: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv25",
                        "x-k24: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv24",
                        "x-k23: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv23",
                        "x-k22: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv22",
                        "x-k21: vvvvvvvvvvvvvvvvvvvvvvvvv21",
                        "x-k20: vvvvvvvvvvvvvvvvvv20",
                        "x-k19: vvvvvvvvvvv19",
                        "x-k18: vvvv18",
                        "x-k17: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv17",
                        "x-k16: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv16",
                        "x-k15: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv15",
                        "x-k14: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv14",
                        "x-k13: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvv13",
                        "x-k12: vvvvvvvvvvvvvvvvvvvvvvv12",
                        "x-k11: vvvvvvvvvvvvvvvv11",
                        "x-k10: vvvvvvvvv10",
                        "x-k9: vv9",
                        "x-k8: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv8",
                        "x-k7: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv7",
                        "x-k6: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv6",
                        "x-k5: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv5",
                        "x-k4: vvvvvvvvvvvvvvvvvvvvvvvvvvvv4",
                        "x-k3: vvvvvvvvvvvvvvvvvvvvv3",
                        "x-k2: vvvvvvvvvvvvvv2",
                        "x-k1: vvvvvvv1",
                        "x-k0: 0",
                    ]),
                Block(
                    hex: "8387c2c1be4084f2b7567f94efdfbf7efdfbf7efdfbf7efdfbf7efdfbf7eecfff9f6f3f0edeae7e4e1dedbd8"
                        + "d5d2cfccc9c6",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-k0: 0",
                        "x-k3: vvvvvvvvvvvvvvvvvvvvv3",
                        "x-k6: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv6",
                        "x-k9: vv9",
                        "x-k12: vvvvvvvvvvvvvvvvvvvvvvv12",
                        "x-k15: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv15",
                        "x-k18: vvvv18",
                        "x-k21: vvvvvvvvvvvvvvvvvvvvvvvvv21",
                        "x-k24: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv24",
                        "x-k27: vvvvvv27",
                        "x-k30: vvvvvvvvvvvvvvvvvvvvvvvvvvv30",
                        "x-k33: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv33",
                        "x-k36: vvvvvvvv36",
                        "x-k39: vvvvvvvvvvvvvvvvvvvvvvvvvvvvv39",
                        "x-k42: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv42",
                        "x-k45: vvvvvvvvvv45",
                        "x-k48: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv48",
                        "x-k51: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv51",
                        "x-k54: vvvvvvvvvvvv54",
                        "x-k57: vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv57",
                    ]),
            ]),
        Connection(
            testDescription: "a table that changes its size",
            blocks: [
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab7ab4"
                        + "d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bed4b3bdc0880b83fb531149d4ec0801000200a984"
                        + "d61653f9602202e053a0497ca589d34d1f43aeba0c41a4c7a98f34d1f7da002effd7cb1f3f7da002ef7f518b"
                        + "2d4b70ddf45abefb4005db508d9bd9abfa5242cb40d25fa523b34089f2b585ed6950958d279a04af4a391b8d"
                        + "691f246b34e3f2ac30b8dace81e71d744f3ed80b",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
                Block(
                    hex: "3f618387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab"
                        + "7ab4d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bed4b3bdc0880b83fb531149d4ec0801000200"
                        + "a984d61653f9602202e053a0497ca589d34d1f43aeba0c41a4c7a98f34d1f7da002effd7cb1f3f7da002ef7f"
                        + "518b2d4b70ddf45abefb4005db508d9bd9abfa5242cb40d25fa523b34089f2b585ed6950958d279a04af4a39"
                        + "1b8d691f246b34e3f2ac30b8dace81e71d744f3ed80b",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
                Block(
                    hex: "208387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab7a"
                        + "b4d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bed4b3bdc0880b83fb531149d4ec0801000200a9"
                        + "84d61653f9602202e053a0497ca589d34d1f43aeba0c41a4c7a98f34d1f7da002effd7cb1f3f7da002ef7f",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                    ]),
                Block(
                    hex: "3fe11f8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405"
                        + "ab7ab4d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bed4b3bdc0880b83fb531149d4ec08010002"
                        + "00a984d61653f9602202e053a0497ca589d34d1f43aeba0c41a4c7a98f34d1f7da002effd7cb1f3f7da002ef"
                        + "7f518b2d4b70ddf45abefb4005db508d9bd9abfa5242cb40d25fa523b34089f2b585ed6950958d279a04af4a"
                        + "391b8d691f246b34e3f2ac30b8dace81e71d744f3ed80b",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
                Block(
                    hex: "3fa9013fc9078387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281"
                        + "d53405ab7ab4d07f66a281b0dae053fafc087ed4ce6aadf2a7979c89c6bed4b3bdc0880b83fb531149d4ec08"
                        + "01000200a984d61653f9602202e053a0497ca589d34d1f43aeba0c41a4c7a98f34d1f7da002effd7cb1f3f7d"
                        + "a002ef7f518b2d4b70ddf45abefb4005dbc4c3",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
                        "accept: text/html,application/xml;q=0.9,*/*;q=0.8",
                        "accept-language: en-US,en;q=0.5",
                        "accept-encoding: gzip, deflate, br",
                        "x-request-id: 0f8fad5b-d9cb-469f-a165-70867728950e",
                    ]),
            ]),
        Connection(
            testDescription: "a table of few fields",
            blocks: [
                Block(
                    hex: "3f45838744946075998ee160c92d28ff0d240177e281d53405ab4083f2b0ff810f4083f2b47f81174083f2b1"
                        + "3f8167",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-a: 1",
                        "x-b: 2",
                        "x-c: 3",
                    ]),
                Block(
                    hex: "838744946075998ee160c92d28ff0d240177e281d53405ab4083f2b47f81174083f2b0ff810f4083f2b13f81"
                        + "6b",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-b: 2",
                        "x-a: 1",
                        "x-c: 4",
                    ]),
                Block(
                    hex: "838744946075998ee160c92d28ff0d240177e281d53405ab7f0081677e816b",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-c: 3",
                        "x-c: 4",
                    ]),
            ]),
        Connection(
            testDescription: "random fields 1",
            blocks: [
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab6198"
                        + "8c03fb1c31c2c3fffffd44bd0a97bffffa9f0fffff57f3f54083f2b0ff81635f8a7c118601dd0de63efebf5f"
                        + "848c7fcff34088f2b7b08c21f605bf81bd4083f2b03f80",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "date: b0a;aAbA/9\tcCA C\t91\t\",",
                        "x-a: /",
                        "content-type: 90b1=aB1C/;,",
                        "content-type: ba\"\"",
                        "x-z1a11z0-: C",
                        "x-0: ",
                    ]),
                Block(
                    hex: "8387c5c45f8662162f41003f618a87efe801baffd411863f",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "content-type: /A/C==0",
                        "date: A;,01B9,=b1b",
                    ]),
                Block(
                    hex: "8387c7c65f938dfffffea53e94bbf4163f9ffffea1c20bd7437f068bfb52f0fea10fdc03fabac76296fbfb7d"
                        + "8ffffeaffffeafb213ffffa82360779fbdfcbf",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "content-type: b9\t , B,1/\"\taA0CB1",
                        "x-a: ; Ca,A1;=a,B/",
                        "etag: ;;9/\t\t;cc\t1a/aC9C\"9",
                    ]),
                Block(
                    hex: "8387cac97f00827c7f6197fa8c3f7f7f6308ef7dbec7f3ffffd4463ea1fbbca5d1ff618580647fec1f",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-a: 9a",
                        "date: ,b1;;;a1aC;9/\"\tc/,A;C Ba",
                        "date: =ac9;0",
                    ]),
            ]),
        Connection(
            testDescription: "random fields 2",
            blocks: [
                Block(
                    hex: "8387411573686f702e64656661756c742e7376633a38343433441b2f6170692f76312f6974656d733f69643d"
                        + "3137266c616e673d656e",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                    ]),
                Block(
                    hex: "8387bfbe",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                    ]),
                Block(
                    hex: "8387bfbe61073b3939223d31314003782d6211303030222f31223d313d3d3b633b3b424162143942432c3d61"
                        + "62390943414363393d613b3020227f000a304331412f63093943637e1861303d2c30413b2f20423d2220632f"
                        + "43436109392c434363",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "date: ;99\"=11",
                        "x-b: 000\"/1\"=1==;c;;BA",
                        "etag: 9BC,=ab9\tCACc9=a;0 \"",
                        "x-b: 0C1A/c\t9Cc",
                        "x-b: a0=,0A;/ B=\" c/CCa\t9,CCc",
                    ]),
                Block(
                    hex: "8387c4c35f03426222620e31632042613d226143392f3b2c306211412f223b2f622f62614220393b09393b2c"
                        + "620e22632c2030622c09202231223b43",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "content-type: Bb\"",
                        "etag: 1c Ba=\"aC9/;,0",
                        "etag: A/\";/b/baB 9;\t9;,",
                        "etag: \"c, 0b,\t \"1\";C",
                    ]),
            ]),
        Connection(
            testDescription: "random fields 3",
            blocks: [
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab4083"
                        + "f2b47f8fbb7beff91fd42a121bd782c5e8febf",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-b: BC;\"a,A cACC1/Cb,",
                    ]),
                Block(
                    hex: "8387c0bf628d83ffffa985090fffff57d7d8184083f2b0ff96229746086f28a3f1ff3fcbfffffd5ffffd500e"
                        + "187eff6183001887628785f24318147dff4089f2b7bf44f61f7ec0b792fb07ffff50c7087f9ba3fbffffea19"
                        + "3ee3634088f2b7b8de08637e3f8efbfa1defb04030823fb51f518623",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "etag: =\t/ cA\t,;0/",
                        "x-a: c Ba0AC  9b\"\"9\t\t=aAA;",
                        "date: 00/A",
                        "etag: A9cAb0 99",
                        "x-zycz1zz0-: ;0\taaA1\"Ba;\tac;b/",
                        "x-zb811b9b: ;,aC;0=a10b; 9 //b",
                    ]),
                Block(
                    hex: "3f778387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab"
                        + "5f81634083f2b47f8f60177ebea18c200c1f6c41fca9783f6183fb86ef628a05d8e36071fd7d07edff7f0195"
                        + "63ea08c9758fb84977f97eeff3ffffd43fbfe477635f8623f798fbfa63",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "content-type: /",
                        "x-b: /0B,,Ab101=;/=\" C1",
                        "date: ;AB",
                        "etag: 0Bbb/ab,,1;9",
                        "x-b: /,=bcB/;AcB\"9B\"\ta;\"aBb",
                        "content-type: c9C/;,/",
                    ]),
                Block(
                    hex: "8387419044e7ad790b28eda12ba3b92e3cd34cff44946075998ee160c92d28ff0d240177e281d53405ab4085"
                        + "f2b3fea3f78325e1ff4083f2b47f80",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-9ybz: cCa",
                        "x-b: ",
                    ]),
            ]),
        Connection(
            testDescription: "random fields 4",
            blocks: [
                Block(
                    hex: "8387411573686f702e64656661756c742e7376633a38343433441b2f6170692f76312f6974656d733f69643d"
                        + "3137266c616e673d656e4003782d79092f63613943223d3b6261073b3d612c412043400a782d393030627939"
                        + "78390f3d3b31412f31303d2c30302f413d22",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-y: /ca9C\"=;b",
                        "date: ;=a,A C",
                        "x-900by9x9: =;1A/10=,00/A=\"",
                    ]),
                Block(
                    hex: "8387c2c14004782d62310a613962622041202c302f5f0e433d433b622f2f222220312022419f",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "x-b1: a9bb A ,0/",
                        "content-type: C=C;b//\"\" 1 \"A",
                        "content-type: ",
                    ]),
                Block(
                    hex: "8387c4c3621339223922432f3d4131436230432c4242393922",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "etag: 9\"9\"C/=A1Cb0C,BB99\"",
                    ]),
                Block(
                    hex: "8387c5c4610641432c633d3d",
                    fields: [
                        ":method: POST",
                        ":scheme: https",
                        ":authority: shop.default.svc:8443",
                        ":path: /api/v1/items?id=17&lang=en",
                        "date: AC,c==",
                    ]),
            ]),
    ]
}
