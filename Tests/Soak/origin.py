"""An upstream of the soak: HTTP/1.1, HTTP/2 and plain TCP on three ports, with the faults that a request asks for.

    origin.py HTTP1-PORT HTTP2-PORT TCP-PORT

`/get?n=N` answers N bytes, `/put` the length and checksum of what it got. The field `soak-fault` asks for a fault.
"""

import asyncio
import contextlib
import socket
import struct
import sys

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from content import checksum, content


def abort(writer: asyncio.StreamWriter):
    """RST instead of FIN."""
    handle = writer.get_extra_info("socket")
    if handle is not None:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def read_head(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    return lines[0], {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:]) if name}


async def read_body(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    if fields.get("transfer-encoding", "").lower() == "chunked":
        body = bytearray()
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return bytes(body)
    return await reader.readexactly(int(fields.get("content-length", 0)))


async def serve_http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    try:
        while True:
            line, fields = await read_head(reader)
            if not await answer_http1(line.split(" ")[1], fields, reader, writer):
                return
    except (OSError, EOFError, ValueError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()


async def answer_http1(target: str, fields: dict[str, str], reader, writer) -> bool:
    """Whether the connection goes on."""
    if fields.get("upgrade"):
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        await echo(reader, writer)
        return False
    fault = fields.get("soak-fault", "")
    if fault == "reset early":
        abort(writer)
        return False
    body = await read_body(reader, fields)
    if fault == "nonsense":
        writer.write(b"\0nonsense\r\n\r\n")
        return False
    data = content(int(target.partition("n=")[2] or 0)) if target.startswith("/get") else checksum(body).encode()
    chunked = len(data) % 3 == 0
    head = "HTTP/1.1 200 OK\r\n" + ("Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(data)}") + "\r\n\r\n"
    whole = head.encode() + (b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if chunked and data else
                             b"0\r\n\r\n" if chunked else data)
    if fault in ("reset amid", "close amid"):
        writer.write(whole[:len(whole) - max(1, len(data) // 2)])
        await writer.drain()
        if fault == "reset amid":
            await asyncio.sleep(0.01)
            abort(writer)
        return False
    writer.write(whole)
    await writer.drain()
    return fault != "close behind"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        pass


async def serve_tcp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
    await echo(reader, writer)
    writer.close()


class HTTP2Server:
    """One connection. Bodies are sent as the windows allow; faults are of a stream or of the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._reader, self._writer = reader, writer
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests: dict[int, tuple[dict, bytearray]] = {}
        self._waiting: dict[int, bytes] = {}

    async def serve(self):
        self._h2.initiate_connection()
        try:
            while True:
                self._writer.write(self._h2.data_to_send())
                await self._writer.drain()
                data = await self._reader.read(1 << 16)
                if not data:
                    return
                for event in self._h2.receive_data(data):
                    # A stream may have been reset by what came in the same read; h2 then takes an answer for a stream of
                    # our own, which the proxy allows none.
                    with contextlib.suppress(h2.exceptions.StreamClosedError, h2.exceptions.TooManyStreamsError):
                        if not self._take(event):
                            return
        except (OSError, EOFError):
            pass
        except h2.exceptions.H2Error as error:
            # Nobody else tells that it was us, or that the proxy broke a rule.
            print(f"HTTP/2 connection ends: {type(error).__name__}: {error}", flush=True)
        finally:
            self._writer.close()

    def _take(self, event) -> bool:
        match event:
            case h2.events.RequestReceived():
                self._requests[event.stream_id] = dict(event.headers), bytearray()
            case h2.events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if event.stream_id in self._requests:
                    self._requests[event.stream_id][1].extend(event.data)
            case h2.events.StreamEnded():
                if event.stream_id in self._requests:
                    return self._answer(event.stream_id, *self._requests.pop(event.stream_id))
            case h2.events.StreamReset():
                self._requests.pop(event.stream_id, None)
                self._waiting.pop(event.stream_id, None)
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                for stream in list(self._waiting):
                    self._send(stream)
            case h2.events.ConnectionTerminated():
                return False
        return True

    def _answer(self, stream: int, fields: dict, body: bytes) -> bool:
        fault, target = fields.get("soak-fault", ""), fields[":path"]
        if fault == "connection closes":
            abort(self._writer)
            return False
        if fault == "stream reset":
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            return True
        data = content(int(target.partition("n=")[2] or 0)) if "/get" in target else checksum(bytes(body)).encode()
        self._h2.send_headers(stream, [(":status", "200"), ("content-length", str(len(data)))])
        if fault == "stream reset amid":
            self._h2.send_data(stream, data[:100])
            self._h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
            return True
        self._waiting[stream] = data
        self._send(stream)
        return True

    def _send(self, stream: int):
        data = self._waiting[stream]
        while data and (room := min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)) > 0:
            self._h2.send_data(stream, data[:room])
            data = data[room:]
        self._waiting[stream] = data
        if not data:
            del self._waiting[stream]
            self._h2.end_stream(stream)


async def main():
    http1, http2, tcp = (int(word) for word in sys.argv[1:4])
    async with (
        await asyncio.start_server(serve_http1, "127.0.0.1", http1, limit=1 << 20, backlog=1000),
        await asyncio.start_server(lambda *both: HTTP2Server(*both).serve(), "127.0.0.1", http2, backlog=1000),
        await asyncio.start_server(serve_tcp, "127.0.0.1", tcp, backlog=1000),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
