"""Calls `/test.Greeter/Who` over the target forty times and prints who answered.

A second argument says how many instances there are. The forty calls begin when each has answered once: round robin
takes turns among the connections that are up, and a first one may serve forty calls before the next is."""

import sys
import time

import grpc

with grpc.insecure_channel(sys.argv[1]) as channel:
    who = channel.unary_unary("/test.Greeter/Who")
    seen: set[bytes] = set()
    deadline = time.monotonic() + 20
    while len(seen) < int(sys.argv[2]) and time.monotonic() < deadline:
        seen.add(who(b"", timeout=20, wait_for_ready=True))
    print(" ".join({who(b"", timeout=20, wait_for_ready=True).decode() for _ in range(40)}))
