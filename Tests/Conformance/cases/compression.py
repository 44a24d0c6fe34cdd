"""HPACK (RFC 7541) as a decoder meets it, and as the answers' encoder must keep to it."""

import json

from support.http2 import wire
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from outcome import answered, case, connection_error, ended, pause
from support.http2.wire import COMPRESSION_ERROR, get, headers, indexed, integer, literal, settings, string, table_size

BAD = connection_error(COMPRESSION_ERROR)
_huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)

#: GET, http, / and :authority by the static table.
STATIC = indexed(2) + indexed(6) + indexed(4) + literal(1, wire.AUTHORITY)
#: The same for /echo.
ECHO = indexed(2) + indexed(6) + literal(4, "/echo") + literal(1, wire.AUTHORITY)


def huffman(text: str) -> bytes:
    coded = _huffman.encode(text.encode("latin-1"))
    return integer(len(coded), 7, 0x80) + coded


def raw_huffman(octets: bytes) -> bytes:
    """A string that says it is Huffman-coded, of these octets."""
    return integer(len(octets), 7, 0x80) + octets


def bad(name: str, octets: bytes, rule: str, **more):
    return case(name, rule, headers(1, octets), allowed=BAD, **more)


def good(name: str, octets: bytes, rule: str, *pairs, **more):
    """A block that is understood: the origin sees these fields."""
    def check(peer):
        seen = json.loads(peer.response(1).body)["fields"]
        for pair in pairs:
            assert list(pair) in seen, seen
    return case(name, rule, headers(1, octets), allowed=answered(), check=check, **more)


def second(name: str, rule: str, first: bytes, then: bytes, *pairs, **more):
    """Two requests: what the first put into the dynamic table serves the second."""
    def check(peer):
        seen = json.loads(peer.response(3).body)["fields"]
        for pair in pairs:
            assert list(pair) in seen, seen
    return case(name, rule, headers(1, first), ended(1), headers(3, then), allowed=answered(), stream=3, check=check, **more)


def echoed(stream: int, name: str, value: str):
    def check(peer):
        assert [name, value] in json.loads(peer.response(stream).body)["fields"]
    return check


def many(count: int) -> bytes:
    """So many requests, each adding to the dynamic table until it must throw out."""
    return b"".join(headers(1 + 2 * number, STATIC + literal(f"x-{number}", "v" * 100, into_table=True)) for number in range(count))


CASES = [
    # 2.3, 6.1
    bad("index 0", STATIC + indexed(0), "7541 6.1"),
    bad("index just past the static table", STATIC + indexed(62), "7541 2.3.3"),
    bad("index far past the tables", STATIC + indexed(1_000_000), "7541 2.3.3"),
    bad("index of 32 bits and more", STATIC + b"\xff" + b"\xff" * 4 + b"\x0f", "7541 5.1"),
    bad("index without an end", STATIC + b"\xff" + b"\x80" * 12 + b"\x01", "7541 5.1"),
    bad("name's index just past the static table", STATIC + literal(62, "x"), "7541 2.3.3"),
    bad("name's index past the tables, into the table", STATIC + literal(70, "x", into_table=True), "7541 2.3.3"),
    bad("name's index past the tables, never indexed", STATIC + literal(70, "x", never=True), "7541 2.3.3"),
    bad("an index that is cut off", STATIC + b"\xff", "7541 5.1"),
    good("each static field that a request may have", ECHO + b"".join(literal(index, "x") for index in (17, 19, 25, 29, 37, 39, 49, 51, 58)),
         "7541 Appendix A", ("accept-language", "x"), ("user-agent", "x"), ("referer", "x"), ("if-match", "x")),
    good("accept-encoding of the static table", ECHO + indexed(16), "7541 Appendix A", ("accept-encoding", "gzip, deflate")),

    # 6.2
    good("literal into the table", ECHO + literal("x-a", "1", into_table=True), "7541 6.2.1", ("x-a", "1")),
    good("literal without indexing", ECHO + literal("x-a", "1"), "7541 6.2.2", ("x-a", "1")),
    good("literal never indexed", ECHO + literal("x-a", "1", never=True), "7541 6.2.3", ("x-a", "1")),
    good("literal with a static name into the table", ECHO + literal(58, "me", into_table=True), "7541 6.2.1", ("user-agent", "me")),
    good("an entry used in its own block", ECHO + literal("x-a", "1", into_table=True) + literal(62, "2"), "7541 6.2.1", ("x-a", "1")),
    second("an entry used in the next block", "7541 6.2.1", ECHO + literal("x-a", "1", into_table=True), ECHO + indexed(62), ("x-a", "1")),
    second("the newest entry has the lowest index", "7541 2.3.2",
           ECHO + literal("x-a", "1", into_table=True) + literal("x-b", "2", into_table=True), ECHO + indexed(63), ("x-a", "1")),
    second("an entry's name used in the next block", "7541 6.2.2", ECHO + literal("x-a", "1", into_table=True),
           ECHO + literal(62, "other"), ("x-a", "other")),
    case("a literal without indexing is not kept", "7541 6.2.2", headers(1, ECHO + literal("x-a", "1")), ended(1),
         headers(3, ECHO + indexed(62)), allowed=BAD, stream=3),
    case("a literal never indexed is not kept", "7541 6.2.3", headers(1, ECHO + literal("x-a", "1", never=True)), ended(1),
         headers(3, ECHO + indexed(62)), allowed=BAD, stream=3),
    case("entries are thrown out when the table is full", "7541 4.4", many(60), ended(119), headers(121, ECHO + indexed(62 + 40)),
         allowed=BAD, stream=121),
    case("entries within the table's size are kept", "7541 4.4", many(60), ended(119), headers(121, ECHO + indexed(62 + 20)),
         allowed=answered(), stream=121, check=echoed(121, "x-39", "v" * 100)),
    case("an entry larger than the table empties it", "7541 4.4", headers(1, ECHO + literal("x-a", "1", into_table=True)), ended(1),
         headers(3, ECHO + literal("x-big", "v" * 5000, into_table=True)), ended(3), headers(5, ECHO + indexed(62)), allowed=BAD, stream=5),
    case("an entry larger than the table is a field all the same", "7541 4.4",
         headers(1, ECHO + literal("x-big", "v" * 5000, into_table=True)), allowed=answered(), check=echoed(1, "x-big", "v" * 5000)),
    case("an entry whose name is in the entry that it throws out", "7541 4.4",
         headers(1, ECHO + literal("x-first", "v" * 4000, into_table=True)), ended(1),
         headers(3, ECHO + literal(62, "w" * 4000, into_table=True)), ended(3), headers(5, ECHO + indexed(62)),
         allowed=answered(), stream=5, check=echoed(5, "x-first", "w" * 4000)),

    # 6.3, 4.2
    good("size update to 0", table_size(0) + ECHO, "7541 6.3"),
    good("size update to the limit", table_size(4096) + ECHO, "7541 6.3"),
    good("two size updates", table_size(0) + table_size(4096) + ECHO, "7541 4.2"),
    bad("size update over the limit", table_size(1_000_000) + STATIC, "7541 6.3"),
    bad("size update of 32 bits and more", b"\x3f" + b"\xff" * 4 + b"\x0f" + STATIC, "7541 5.1"),
    bad("size update after a field", indexed(2) + table_size(0) + indexed(6) + indexed(4) + literal(1, wire.AUTHORITY), "7541 4.2"),
    bad("size update at the block's end", STATIC + table_size(0), "7541 4.2"),
    case("size update to 0 empties the table", "7541 4.3", headers(1, ECHO + literal("x-a", "1", into_table=True)), ended(1),
         headers(3, table_size(0) + table_size(4096) + ECHO + indexed(62)), allowed=BAD, stream=3),
    case("a smaller size throws out", "7541 4.3",
         headers(1, ECHO + literal("x-a", "1" * 50, into_table=True) + literal("x-b", "2" * 50, into_table=True)), ended(1),
         headers(3, table_size(100) + ECHO + indexed(63)), allowed=BAD, stream=3),
    second("a smaller size keeps what fits", "7541 4.3",
           ECHO + literal("x-a", "1" * 50, into_table=True) + literal("x-b", "2" * 50, into_table=True),
           table_size(100) + ECHO + indexed(62), ("x-b", "2" * 50)),

    # 5.1, 5.2
    good("an integer of more octets than needed", ECHO + b"\x00" + b"\x03x-a" + b"\x7f\x80\x00" + b"v" * 127, "7541 5.1", ("x-a", "v" * 127)),
    good("Huffman-coded name and value", ECHO + b"\x00" + huffman("x-coded") + huffman("value"), "7541 5.2", ("x-coded", "value")),
    good("Huffman-coded value of all printable characters",
         ECHO + b"\x00" + string("x-all") + huffman("".join(chr(code) for code in range(0x21, 0x7F))), "7541 Appendix B",
         ("x-all", "".join(chr(code) for code in range(0x21, 0x7F)))),
    good("Huffman-coded value of high octets", ECHO + b"\x00" + string("x-high") + huffman("\xe9\xff\x80"), "7541 Appendix B",
         ("x-high", "\xe9\xff\x80")),
    good("Huffman-coded empty value", ECHO + b"\x00" + string("x-none") + b"\x80", "7541 5.2", ("x-none", "")),
    bad("Huffman padding of eight bits", STATIC + b"\x00" + string("x-a") + raw_huffman(_huffman.encode(b"test") + b"\xff"), "7541 5.2"),
    bad("Huffman padding of zeros", STATIC + b"\x00" + string("x-a") + raw_huffman(b"\x18"), "7541 5.2"),
    bad("Huffman padding that is not of ones", STATIC + b"\x00" + string("x-a") + raw_huffman(b"\x1e"), "7541 5.2"),
    bad("Huffman-coded EOS", STATIC + b"\x00" + string("x-a") + raw_huffman(b"\xff\xff\xff\xff"), "7541 5.2"),
    bad("Huffman-coded EOS between characters", STATIC + b"\x00" + string("x-a") + raw_huffman(b"\x1f\xff\xff\xff\xfc\x7f"), "7541 5.2"),
    bad("Huffman padding alone", STATIC + b"\x00" + string("x-a") + raw_huffman(b"\xff"), "7541 5.2"),
    bad("a Huffman-coded name that goes wrong", STATIC + b"\x00" + raw_huffman(b"\xff\xff\xff\xff") + string("v"), "7541 5.2"),
    bad("a name longer than its block", STATIC + b"\x00\x7f\x20name", "7541 5.2"),
    bad("a value longer than its block", STATIC + b"\x00" + string("x-a") + b"\x50value", "7541 5.2"),
    bad("a string's length of 32 bits and more", STATIC + b"\x00\x7f" + b"\xff" * 4 + b"\x0f", "7541 5.1"),
    bad("a string's length without an end", STATIC + b"\x00\x7f" + b"\x80" * 12 + b"\x00", "7541 5.1"),
    bad("a literal without a value", STATIC + b"\x00" + string("x-a"), "7541 6.2"),
    bad("a literal without a name", STATIC + b"\x00", "7541 6.2"),

    # Our table, as the answers' encoder must keep it
    case("an answer's encoder with our table of 0", "7541 4.2", get(1), ended(1), get(3), allowed=answered(), stream=3,
         settings=((wire.HEADER_TABLE_SIZE, 0),)),
    case("our table made smaller between answers", "7541 4.2", get(1), ended(1), settings((wire.HEADER_TABLE_SIZE, 0)), pause, get(3), ended(3),
         settings((wire.HEADER_TABLE_SIZE, 4096)), pause, get(5), ended(5), get(7), allowed=answered(), stream=7),
    case("our table made smaller and larger at once", "7541 4.2", get(1), ended(1),
         settings((wire.HEADER_TABLE_SIZE, 0)) + settings((wire.HEADER_TABLE_SIZE, 4096)), pause, get(3), allowed=answered(), stream=3),
    case("our table of 100", "7541 4.2", get(1), ended(1), get(3), ended(3), get(5), allowed=answered(), stream=5,
         settings=((wire.HEADER_TABLE_SIZE, 100),)),
    case("many answers with one table", "7541 2.2", b"".join(get(1 + 2 * number) for number in range(50)), allowed=answered(), stream=99),
]
