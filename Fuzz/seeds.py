#!/usr/bin/env python3
"""Writes the first corpus: examples of the unit tests and the RFCs, in the form that each target reads.

    Fuzz/seeds.py [FOLDER]      writes FOLDER/TARGET/* (Fuzz/corpus without a folder); files are named by their content

`scripts/fuzz --minimise` then keeps the fewest that take as many ways through the code, of these and of what runs have found.
"""
import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "Tests/TulleProxyTests/Wire"
FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "Fuzz/corpus")
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0", '"': '"', "\\": "\\"}


def keep(target, content):
    folder = FOLDER / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)


def literals(*names):
    """The string literals of Swift files, as bytes; those with interpolations are left out."""
    for name in names:
        for match in LITERAL.finditer((TESTS / name).read_text()):
            text = match.group(1)
            if "\\(" in text:
                continue
            text = re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda m: chr(int(m.group(1), 16)), text)
            text = re.sub(r"\\(.)", lambda m: ESCAPES.get(m.group(1), m.group(1)), text)
            yield text.encode()


# Choices stand at the end: cuts, and a byte that says how many they are, small limits (8), the method (from 16 on).
def cut_at(content, *places, flags=0):
    tail = b"".join(bytes([place & 255, place >> 8]) for place in reversed(places))
    return content + tail + bytes([len(places) | flags])


def http1():
    lines = [
        "Content-Length: 3", "Content-Length: 0", "content-length: 3, 3", "Content-Length: +3", "Content-Length: 3 3",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: identity", "Transfer-Encoding:\x0bchunked", "Transfer-Encoding : chunked", "X: \t y \t",
        "X:", "X : y", ": y", "X\r\n y", "X: a\rb", "X: a\0b", "X: \u00e9", "Host: b", "Connection: close, x-a\r\nX-A: 1",
        "Connection: keep-alive", "Connection: upgrade\r\nUpgrade: websocket", "TE: trailers", "Expect: 100-continue",
        "Connection: host", "Cookie: a=b\r\nCookie: c=d", "X_Y: z", "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 18446744073709551616", "Trailer: x",
        "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=5",
    ]
    bodies = ["", "abc", "3\r\nabc\r\n0\r\n\r\n", "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"]
    targets = ["/", "/a?b=c", "*", "http://b/c?d", "https://b", "a:443", "/%00", "/a#b", "//", "/\u00e9", "http://u@h/"]
    requests = set(literals("HTTP1RequestTests.swift", "HTTP1LimitTests.swift", "RandomBytesTests.swift"))
    requests = {text for text in requests if b" HTTP/" in text or text[:1] in b"\r\n\x16"}
    for number, line in enumerate(lines):
        body = bodies[2] if "ransfer" in line else bodies[number % 4]
        requests.add(f"POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n{body}".encode("latin-1"))
        keep("response", f"HTTP/1.1 200 OK\r\n{line}\r\n\r\n{body}".encode("latin-1") + b"\0")
    for method in ["GET", "OPTIONS", "CONNECT", "PURGE", "G(T", "get"]:
        for target in targets:
            requests.add(f"{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode("latin-1"))
    for version in ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", "HTTP/01.1", "ICE/1.0"]:
        requests.add(f"GET / {version}\r\nHost: a\r\n\r\n".encode())
    requests.add(b"GET /\r\n\r\n")
    requests.add(b"GET / HTTP/1.1\nHost: a\n\n")
    for number, request in enumerate(sorted(requests)):
        keep("request" if number % 3 else "differences", request + b"\0")
    for request in sorted(requests)[::7]:
        keep("request", cut_at(request, 3, 17, 30, flags=8))
    responses = set(literals("HTTP1ResponseTests.swift"))
    responses = {text for text in responses if text[:4] in (b"HTTP", b"http", b"ICY ") or text[:1] in b"\r\n "}
    for status in [100, 101, 103, 200, 204, 205, 304, 404, 500, 999]:
        responses.add(f"HTTP/1.1 {status} X\r\nContent-Length: 3\r\n\r\nabc".encode())
    for start in ["HTTP/1.0 200", "HTTP/1.1 200 ", "HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK",
                  "HTTP/2.0 200 OK", "HTTP/1.1 200 \u00e9", "HTTP/1.1 200 a\tb", "HTTP/1.1 200 a\0b", "HTTP/1.1 099 X"]:
        responses.add(f"{start}\r\nX: y\r\n\r\n".encode("latin-1"))
    for number, response in enumerate(sorted(responses)):
        if number % 3:
            keep("response", response + b"\0")
        else:
            keep("differences", response + b"\x08")
    for number, line in enumerate(lines):
        body = bodies[2] if "ransfer" in line else bodies[number % 4]
        keep("differences", f"HTTP/1.1 200 OK\r\n{line}\r\n\r\n{body}".encode("latin-1") + b"\x08")
    for number, response in enumerate(sorted(responses)[::5]):
        keep("response", cut_at(response, 5, 12, 20, flags=8 | number % 10 << 4))


def chunked():
    bodies = [
        "0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\nGET",
        "1;a\r\nx\r\n0\r\n\r\n", '1;a="b;\\"c";d=e\r\nx\r\n0;z\r\n\r\n', "1 \r\nx\r\n0\r\n\r\n", "1; a\r\nx\r\n",
        "0\r\nX: y\r\nZ: \t\r\n\r\n", "0\r\nHost: y\r\n\r\n", "0\r\nX : y\r\n\r\n", "0\r\nX: a\nY: b\r\n\r\n", "00000000000000001\r\n",
        "FFFFFFFFFFFFFFFF\r\n", "7FFFFFFFFFFFFFFF\r\nabc", "3\nabc\n0\n\n", "3\r\nabcd", "3\r\nabc\r", "\r\n", "g\r\n", "-1\r\n",
        "0x3\r\nabc\r\n", "1;a=\x7f\r\n", "1;" + "a" * 20 + "\r\nx\r\n", "0\r\n" + "X: y\r\n" * 12 + "\r\n",
    ]
    found = {text for text in literals("HTTP1BodyDecoderTests.swift") if re.match(rb"[0-9A-Fa-f]+[;\r]", text)}
    for body in sorted(found | {body.encode("latin-1") for body in bodies}):
        keep("chunked", body + b"\0")
        keep("chunked", cut_at(body, 2, 4, 7, 11, flags=8))
        message = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body
        keep("differences", message + b"\0")


def hpack():
    hexes = re.findall(r'"([0-9a-f][0-9a-f ]{5,})"', (TESTS / "HPACK/HPACKExampleTests.swift").read_text())
    blocks = [bytes.fromhex(text) for text in hexes if len(text.replace(" ", "")) % 2 == 0]
    # A block: choices (kind, 4 small limits, 8 goes on, 32 a length of two bytes), its length, its bytes.
    for block in blocks:
        keep("hpack", bytes([0 if block[0] & 0x7F < 8 else 1, len(block)]) + block + b"\2")
    for start in range(0, len(blocks) - 2, 3):
        together = b"".join(bytes([8, len(block)]) + block for block in blocks[start:start + 3])
        keep("hpack", together + b"\2")
        keep("hpack", together.replace(b"\x08", b"\xc1\x08", 1) + b"\1")
    size = bytes([0xC1]) + bytes([0, 4, 0x3F, 0x21, 0x82, 0x84]) + bytes([0xC3, 0, 3, 0x20, 0x3F, 0xE1])
    keep("hpack", size + b"\3")
    crumbs = b"\x82\x86\x84\x01\x01a" + b"\x60\x03a=b\x60\x03c=d\x00\x01b\x01c\x60\x00\x60\x03e=f"
    keep("hpack", bytes([8, len(crumbs)]) + crumbs + b"\2")
    for text in [b"\x00\x02te\x08trailers", b"\x00\x02te\x04gzip", b"\x00\x0aconnection\x05close", b"\x00\x01A\x01b",
                 b"\x10\x01a\x01b", b"\x00\x01a\x02 b", b"\x00\x04:foo\x01b", b"\x0f\x0d\x013", b"\x00\x04host\x01b"]:
        block = b"\x82\x86\x84\x01\x01a" + text
        keep("hpack", bytes([8, len(block)]) + block + b"\2")


def http2():
    # Two bytes of options; then steps as HTTP2Script.swift reads them.
    new = b"\x00"
    get, post5, post, connect = b"\x01\x00\x00", b"\x01\x00\x11", b"\x01\x00\x12", b"\x01\x00\x13"
    answer = b"\x09\x00" + b"\x0a\x02" + b"\x0b\x00"
    scripts = {
        "requests": get + answer + get + b"\x09\x03\x0a\x06\x0b\x01",
        "upload": post5 + b"\x00\x80\x0a" + answer + post + b"\x00\x80\x06" * 6 + b"\x00\x80\x0f" + answer,
        "held": b"\x0e\x01" + post + b"\x00\x80\x07" * 3 + b"\x0d\x00" + b"\x00\x80\x0f" + answer,
        "windows": b"\x02\x01\x43" + get + b"\x09\x00\x0a\x07\x0b\x00" + b"\x03\x80\x06" * 3 + b"\x03\x40\x07",
        "settings": get + b"\x09\x00\x0a\x07" + b"\x02\x01\x03" + b"\x02\x01\x63" + b"\x02\x02\x13\x93" + b"\x0b\x01",
        "resets": get + b"\x04\x80\x08" + get + b"\x09\x00\x0c\x00" + post + answer + b"\x00\x41\x05",
        "padding": post + b"\x00\x80\x12\x05" + b"\x00\x80\x10\x00" + b"\x00\x80\x1a\x20",
        "blocks": b"\x01\x00\x4a\x03\x01\x00\x0b\x01\x00\x2a\x01\x01\x00\x0e\x01\x00\x0c\x01\x00\x0d",
        "trailers": post + b"\x00\x80\x02" + b"\x01\x80\x08" + answer,
        "control": b"\x05\x00\x05\x01\x05\x02\x05\x03\x05\x04\x00\x05\x05\x00\x05\x07\x00",
        "pings": b"\x05\x06\x0f\x03" * 3 + b"\x25\x06" * 30,
        "drain": get + b"\x0f\x01" + get + b"\x05\x01" + b"\x0f\x00" + answer,
        "raw": b"\x06\x08\x00\x00\x04\x00\x00\x00\x09\x07\x05\x00\x00\x04\x03\x00\x07\x06\x00\x00\x01\x00\x00\x00",
        "connect": connect + b"\x09\x00" + b"\x00\x80\x03" + b"\x0a\x04\x0b\x00",
    }
    for name, script in scripts.items():
        for options in (0, 0x16):
            keep("http2", bytes([options, len(name)]) + script)
    opens = b"\x08\x08"
    answers = {
        "answers": opens + b"\x01\x80\x14\x00\x80\x0c\x01\x80\x04",
        "lengths": opens + b"\x01\x80\x15\x00\x80\x0a\x01\x81\x05",
        "interim": opens + b"\x01\x80\x16\x01\x80\x17\x01\x80\x07",
        "uploads": opens + b"\x0a\x07\x0a\x17\x03\x40\x07\x03\x80\x07\x0b\x00\x01\x80\x04\x0b\x10",
        "trailers": opens + b"\x01\x80\x14\x00\x80\x05\x01\x80\x08",
        "goaway": opens + opens + b"\x05\x0b\x01\x80\x04\x08",
        "refused": opens + b"\x04\x80\x07\x04\x80\x08",
        "pushed": opens + b"\x05\x05\x80",
        "table": opens + b"\x02\x01\x00\x01\x80\x1a\x01\x80\x1b",
    }
    for name, script in answers.items():
        for options in (1, 0x17):
            keep("http2", bytes([options, len(name)]) + script)


http1()
chunked()
hpack()
http2()
for folder in sorted(FOLDER.iterdir()):
    print(f"{folder.name}: {len(list(folder.iterdir()))} files")
