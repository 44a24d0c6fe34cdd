"""Clients of HTTP/1.1, WebSocket and TCP, right ones and such as break off."""

import asyncio
import random
import socket
import struct
import zlib

from content import checksum, content
from ledger import Ledger, Truncated

#: What an origin may be asked to do; the caller must see it.
UPSTREAM_FAULTS = ("reset early", "reset amid", "close amid", "nonsense")
#: Not seen by the caller; the next request may meet a connection that closes just then (RFC 9112, 9.5), and one with a
#: body cannot be sent again.
CLOSE_BEHIND = "close behind"


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port: int, small: bool = False) -> "Connection":
        """`small`: with a receive buffer that is full soon."""
        if not small:
            return cls(*await asyncio.open_connection("127.0.0.1", port))
        handle = socket.socket()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handle.setblocking(False)
        await asyncio.get_running_loop().sock_connect(handle, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=handle, limit=4096))

    def close(self):
        self.writer.close()

    def reset(self):
        handle = self.writer.get_extra_info("socket")
        if handle is not None:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def ask(self, method: str, target: str, *fields: str):
        lines = [f"{method} {target} HTTP/1.1", "Host: soak", *fields, "", ""]
        self.writer.write("\r\n".join(lines).encode())

    async def answer(self, pause: float = 0) -> bytes:
        """The body of a 200 that is whole."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = head.split(" ")[1]
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])}
        body = bytearray()
        if fields.get("transfer-encoding") == "chunked":
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                body += await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            while await self.reader.readuntil(b"\r\n") != b"\r\n":
                pass
        else:
            left = int(fields.get("content-length", 0))
            while left > 0:
                part = await self.reader.read(min(left, 1 << 16))
                if not part:
                    raise Truncated("the body ends early")
                body += part
                left -= len(part)
                if pause:
                    await asyncio.sleep(pause)
        if status != "200":
            raise Truncated(f"{status}: {bytes(body[:100])!r} {fields.get('proxy-status', '')}")
        return bytes(body)

    async def get(self, count: int, *fields: str, pause: float = 0):
        self.ask("GET", f"/get?n={count}", *fields)
        body = await self.answer(pause)
        if len(body) != count or zlib.crc32(body) != zlib.crc32(content(count)):
            raise Truncated(f"{len(body)} bytes that are not the {count} asked for")


def size(chance: random.Random) -> int:
    return chance.choice((0, 1, 100, 1000, 1024, 5000, 70_000, 300_000))


async def keep_alive(port: int, ledger: Ledger, chance: random.Random):
    """Requests one behind the other, some with a fault upstream; behind one the connection may be gone."""
    connection = await Connection.open(port)
    try:
        for _ in range(chance.randint(1, 30)):
            choice = chance.random()
            fault = chance.choice(UPSTREAM_FAULTS) if choice < 0.04 else CLOSE_BEHIND if choice < 0.043 else ""
            disturbance = None
            if fault == CLOSE_BEHIND:
                disturbance = ledger.begin_disturbance("an upstream connection's end", ("h1", "h2 to h1"))
            with ledger.exchange("h1 kept", fault and f"upstream: {fault}", fault in UPSTREAM_FAULTS):
                # "amid" needs a body to stand amid of.
                count = size(chance) + (2 if fault else 0)
                await connection.get(count, *([f"soak-fault: {fault}"] if fault else []))
                if disturbance:
                    ledger.end_disturbance(disturbance, 0.1)
                await asyncio.sleep(chance.random() * 0.02)
                continue
            if disturbance:
                ledger.end_disturbance(disturbance, 0.1)
            return
    finally:
        connection.close()


async def short(port: int, ledger: Ledger, chance: random.Random):
    with ledger.exchange("h1 short"):
        connection = await Connection.open(port)
        try:
            await connection.get(size(chance), "Connection: close")
            if await connection.reader.read(1):
                raise Truncated("bytes behind the answer")
        finally:
            connection.close()


async def upload(port: int, ledger: Ledger, chance: random.Random):
    data = content(chance.choice((0, 1, 10_000, 200_000, 2_000_000)))
    with ledger.exchange("h1 upload"):
        connection = await Connection.open(port)
        try:
            if chance.random() < 0.5:
                connection.ask("POST", "/put", f"Content-Length: {len(data)}")
                connection.writer.write(data)
            else:
                connection.ask("POST", "/put", "Transfer-Encoding: chunked")
                for start in range(0, len(data), 50_000):
                    part = data[start:start + 50_000]
                    connection.writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                    await connection.writer.drain()
                connection.writer.write(b"0\r\n\r\n")
            if await connection.answer() != checksum(data).encode():
                raise Truncated("the upstream got other bytes")
        finally:
            connection.close()


async def slow_reader(port: int, ledger: Ledger, chance: random.Random):
    with ledger.exchange("h1 slow reader"):
        connection = await Connection.open(port, small=True)
        try:
            await connection.get(500_003, pause=0.01)
        finally:
            connection.close()


async def half_close(port: int, ledger: Ledger, chance: random.Random):
    """A client that ends its half behind its request: HTTP/1.1 leaves it to the server whether that is a farewell."""
    with ledger.exchange("h1 half-close", "a half-close"):
        connection = await Connection.open(port)
        try:
            connection.ask("GET", "/get?n=1000")
            connection.writer.write_eof()
            if len(await connection.answer()) != 1000:
                raise Truncated("another answer")
        finally:
            connection.close()


async def break_off(port: int, ledger: Ledger, chance: random.Random):
    """A client that resets amid its request's or its answer's body."""
    with ledger.exchange("h1 reset", "a reset by the client"):
        connection = await Connection.open(port)
        if chance.random() < 0.5:
            connection.ask("POST", "/put", "Content-Length: 1000000")
            connection.writer.write(content(chance.randint(0, 200_000)))
        else:
            connection.ask("GET", "/get?n=3000000")
            await connection.reader.read(chance.randint(1, 100_000))
        await asyncio.sleep(chance.random() * 0.02)
        connection.reset()
        raise ConnectionResetError("by ourselves")


async def web_socket(port: int, ledger: Ledger, chance: random.Random):
    with ledger.exchange("h1 websocket"):
        connection = await Connection.open(port)
        try:
            connection.ask("GET", "/ws", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                           "Sec-WebSocket-Key: c29ha3NvYWtzb2Frc29haw==")
            head = await connection.reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise Truncated(f"no upgrade: {head[:100]!r}")
            await talk(connection, chance)
        finally:
            connection.close()


async def tcp(port: int, ledger: Ledger, chance: random.Random):
    with ledger.exchange("tcp"):
        connection = await Connection.open(port)
        try:
            await talk(connection, chance)
            connection.writer.write(b"last")
            connection.writer.write_eof()
            if await connection.reader.read() != b"last":
                raise Truncated("the last bytes are lost")
        finally:
            connection.close()


async def tcp_reset(port: int, ledger: Ledger, chance: random.Random):
    with ledger.exchange("tcp reset", "a reset by the client"):
        connection = await Connection.open(port)
        connection.writer.write(content(100_000))
        await connection.reader.read(100)
        connection.reset()
        raise ConnectionResetError("by ourselves")


async def talk(connection: Connection, chance: random.Random):
    """Bytes there and back again."""
    for _ in range(chance.randint(1, 10)):
        data = content(chance.choice((1, 125, 4096, 60_000)))
        connection.writer.write(data)
        if await connection.reader.readexactly(len(data)) != data:
            raise Truncated("other bytes come back")
        await asyncio.sleep(chance.random() * 0.05)
