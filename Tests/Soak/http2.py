"""A client of HTTP/2 with many streams at once, on the h2 library."""

import asyncio
import random

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from content import checksum, content
from ledger import Ledger, Truncated

#: The faults of an HTTP/2 origin; the last one ends other streams as well.
STREAM_FAULTS = ("stream reset", "stream reset amid")


class Stream:
    def __init__(self):
        self.body = bytearray()
        self.status = ""
        self.over: asyncio.Future = asyncio.get_running_loop().create_future()
        self.begun = asyncio.Event()
        self.window = asyncio.Event()

    def fail(self, error: Exception):
        self.window.set()
        self.begun.set()
        if not self.over.done():
            self.over.set_exception(error)
            # Whoever has left does not ask.
            self.over.exception()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float):
        self._reader, self._writer, self._pause = reader, writer, pause
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
        self._streams: dict[int, Stream] = {}
        self._over: Exception | None = None

    @classmethod
    async def open(cls, port: int, pause: float = 0) -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", port), pause)
        client._h2.initiate_connection()
        client._flush()
        client._task = asyncio.ensure_future(client._read())
        return client

    async def close(self):
        self._task.cancel()
        self._writer.close()

    async def request(self, method: str, target: str, body: bytes = b"", fault: str = "") -> Stream:
        """Opens a stream, and sends the body as the windows allow."""
        if self._over:
            raise ConnectionResetError(f"the connection is over: {self._over}")
        number, stream = self._h2.get_next_available_stream_id(), Stream()
        self._streams[number] = stream
        fields = [(":method", method), (":scheme", "http"), (":authority", "soak"), (":path", target)]
        self._h2.send_headers(number, fields + ([("soak-fault", fault)] if fault else []), end_stream=not body)
        stream.number = number
        self._flush()
        while body and not stream.over.done():
            try:
                room = min(self._h2.local_flow_control_window(number), self._h2.max_outbound_frame_size)
                if room > 0:
                    self._h2.send_data(number, body[:room], end_stream=len(body) <= room)
                    body = body[room:]
                    self._flush()
                    await self._writer.drain()
                    continue
            except h2.exceptions.ProtocolError as error:
                # A stream that has been reset meanwhile.
                raise Truncated(f"{type(error).__name__} while sending") from error
            stream.window.clear()
            await stream.window.wait()
        return stream

    async def whole(self, stream: Stream) -> bytes:
        body = await stream.over
        if stream.status != "200":
            raise Truncated(f"{stream.status}: {body[:100]!r}")
        return body

    def cancel(self, stream: Stream):
        stream.fail(ConnectionResetError("by ourselves"))
        try:
            self._h2.reset_stream(stream.number, h2.errors.ErrorCodes.CANCEL)
        except h2.exceptions.ProtocolError:
            return
        self._flush()

    def _flush(self):
        if not self._writer.is_closing():
            self._writer.write(self._h2.data_to_send())

    async def _read(self):
        error: Exception = ConnectionResetError("the connection ended")
        try:
            while data := await self._reader.read(1 << 16):
                for event in self._h2.receive_data(data):
                    self._take(event)
                self._flush()
                if self._pause:
                    await asyncio.sleep(self._pause)
        except (OSError, h2.exceptions.H2Error) as what:
            error = Truncated(f"{type(what).__name__}: {what}")
        self._over = error
        for stream in self._streams.values():
            stream.fail(error)

    def _take(self, event):
        stream = self._streams.get(getattr(event, "stream_id", None) or 0)
        match event:
            case h2.events.ResponseReceived() if stream:
                stream.status = dict(event.headers)[":status"]
                stream.begun.set()
            case h2.events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                if stream:
                    stream.body += event.data
            case h2.events.StreamEnded() if stream:
                stream.begun.set()
                stream.window.set()
                if not stream.over.done():
                    stream.over.set_result(bytes(stream.body))
                del self._streams[event.stream_id]
            case h2.events.StreamReset() if stream:
                stream.fail(Truncated(f"the stream was reset with {event.error_code!r}"))
                del self._streams[event.stream_id]
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                for waiting in self._streams.values():
                    waiting.window.set()


async def streams(port: int, ledger: Ledger, chance: random.Random):
    """A connection with some rounds of streams at once, to upstreams of either protocol."""
    client = await Client.open(port, pause=0.005 if chance.random() < 0.2 else 0)
    try:
        for _ in range(chance.randint(1, 8)):
            await asyncio.gather(*(one(client, ledger, chance) for _ in range(chance.randint(1, 12))))
            if client._over:
                return
    finally:
        await client.close()


async def one(client: Client, ledger: Ledger, chance: random.Random):
    over_http2 = chance.random() < 0.5
    prefix, kind = ("/h2", "h2 to h2") if over_http2 else ("", "h2 to h1")
    choice = chance.random()
    if choice < 0.05:
        with ledger.exchange(kind, "a reset by the client"):
            stream = await client.request("GET", prefix + "/get?n=400000")
            await asyncio.wait([asyncio.ensure_future(stream.begun.wait())], timeout=chance.random() * 0.05)
            client.cancel(stream)
            await client.whole(stream)
    elif choice < 0.08 and over_http2:
        fault = chance.choice(STREAM_FAULTS)
        with ledger.exchange(kind, f"upstream: {fault}", fails=True):
            await client.whole(await client.request("GET", "/h2/get?n=5000", fault=fault))
    elif choice < 0.082 and over_http2:
        disturbance = ledger.begin_disturbance("an upstream connection's end", ("h2 to h2",))
        with ledger.exchange(kind, "upstream: connection closes", fails=True):
            await client.whole(await client.request("GET", "/h2/get?n=10", fault="connection closes"))
        ledger.end_disturbance(disturbance, 0.2)
    elif choice < 0.3:
        data = content(chance.choice((0, 1, 20_000, 400_000)))
        with ledger.exchange(kind + " upload"):
            stream = await client.request("POST", prefix + "/put", data)
            if await client.whole(stream) != checksum(data).encode():
                raise Truncated("the upstream got other bytes")
    else:
        count = chance.choice((0, 1, 1000, 1024, 70_000, 200_000))
        with ledger.exchange(kind):
            if await client.whole(await client.request("GET", f"{prefix}/get?n={count}")) != content(count):
                raise Truncated("other bytes")
