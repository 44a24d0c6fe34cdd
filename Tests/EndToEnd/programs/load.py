"""Requests without a pause through http_proxy over kept connections, counted in a file.

A request counts as failed when its answer is not 2xx or does not come. A connection that the proxy ends between
two requests is no failure if it had said so (`Connection: close`), nor before anything of an answer came on
a connection that was used before: HTTP lets an idle connection end, and every client tries such a request again."""

import argparse
import asyncio
import collections
import json
import os
import signal
from urllib.parse import urlsplit

arguments = argparse.ArgumentParser()
arguments.add_argument("--url", required=True)
arguments.add_argument("--workers", type=int, default=8)
arguments.add_argument("--report", required=True)
options = arguments.parse_args()

proxy = urlsplit(os.environ["http_proxy"])
host = urlsplit(options.url).netloc
REQUEST = f"GET {options.url} HTTP/1.1\r\nhost: {host}\r\nuser-agent: load\r\n\r\n".encode()

ok = failed = 0
errors = collections.Counter()
by = collections.Counter()
stopping = False


def report():
    temporary = options.report + ".new"
    with open(temporary, "w") as file:
        json.dump({"ok": ok, "failed": failed, "errors": dict(errors), "by": dict(by)}, file)
    os.rename(temporary, options.report)


async def exchange(reader, writer):
    """One answer: status, whether the connection stays, instance and cause."""
    writer.write(REQUEST)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    fields = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    if "content-length" in fields:
        await reader.readexactly(int(fields["content-length"]))
    elif "chunked" in fields.get("transfer-encoding", ""):
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status, fields.get("connection", "").lower() != "close", fields


async def worker():
    global ok, failed
    writer = None
    used = False
    while not stopping:
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(proxy.hostname, proxy.port)
                used = False
            status, stays, fields = await asyncio.wait_for(exchange(reader, writer), 20)
            used = True
            if 200 <= status < 300:
                ok += 1
                by[fields.get("x-instance", "?")] += 1
            else:
                failed += 1
                errors[f"{status} {fields.get('proxy-status', '')}"] += 1
            if not stays:
                writer.close()
                writer = None
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError) as error:
            if writer is not None:
                writer.close()
                writer = None
            silent_end = isinstance(error, asyncio.IncompleteReadError) and not error.partial
            if used and silent_end:
                continue
            failed += 1
            errors[f"{type(error).__name__}: {error}"] += 1
            await asyncio.sleep(0.01)


async def main():
    def stop():
        global stopping
        stopping = True
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    workers = [asyncio.create_task(worker()) for _ in range(options.workers)]
    while not stopping:
        report()
        await asyncio.sleep(0.05)
    await asyncio.gather(*workers)
    report()


asyncio.run(main())
