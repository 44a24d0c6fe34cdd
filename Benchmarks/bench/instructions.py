"""Instructions and allocations a request, counted by callgrind, against limits: unlike times, they come out nearly the
same on a busy machine and on a quiet one, so that CI can hold them.

Two runs that differ only in the number of requests are subtracted from each other, so that the start, the connection and
the end cancel out. One request is under way at a time: what a proxy saves by handling several at once is not in it,
and nothing depends on how they happen to fall together."""

import json
import re
import sys
import time
from pathlib import Path

from support.binaries import ROOT, binary, program

from . import load
from .features import ON
from .measure import stripped
from .peers import PEERS, Peer
from .session import CannotServe, Session

LIMITS = Path(__file__).resolve().parents[1] / "limits.json"
FEW, MANY = 2_000, 10_000
# What a proxy does once, two seconds after its start, is to be in both runs.
SETTLED = 4
# How far over its limit a figure may be: what small changes of compilers and libraries make, and what the clock does while
# callgrind is slow. An allocation that every request makes counts a whole one.
TOLERANCE = {"instructions": lambda limit: limit * 1.04, "allocations": lambda limit: limit + 0.25}
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
KINDS = {"http1": "HTTP/1.1 → HTTP/1.1", "http2": "HTTP/2 → HTTP/2"}


def counts(profile: Path) -> tuple[int, int]:
    """Instructions, and calls of the C library's allocators, in callgrind's output: `fn=(ID) NAME` and `cfn=(ID) NAME` name a
    function when it comes up first, `calls=COUNT …` follows the function called."""
    names: dict[str, str] = {}
    called, allocations, instructions = "", 0, 0
    for line in profile.read_text(errors="replace").splitlines():
        if line.startswith(("fn=", "cfn=")):
            kind, number, name = re.match(r"(c?fn)=\((\d+)\)(?: (.*))?", line).groups()
            if name:
                names[number] = name
            if kind == "cfn":
                called = names[number].partition("'")[0]
        elif line.startswith("calls=") and called in ALLOCATORS:
            allocations += int(line[6:].split()[0])
        elif line.startswith("totals:"):
            instructions = int(line.split()[1])
    return instructions, allocations


def one_run(session: Session, peer: Peer, kind: str, requests: int) -> tuple[int, int]:
    profile = session.folder / f"callgrind-{kind}-{requests}"
    shim = load.own("callgrind", "-shared", "-fPIC")
    valgrind = [program("valgrind"), "--tool=callgrind", f"--callgrind-out-file={profile}", "--read-inline-info=no"]
    began = time.monotonic()
    hop = session.start(peer, kind, ON, speaks=kind, patience=60, wrapper=valgrind, env={"LD_PRELOAD": str(shim)})
    process = hop.processes[0]
    result = load.generator(hop.port, http2=kind == "http2", count=requests)
    if result["failed"]:
        raise RuntimeError(f"{result['failed']} of {requests} requests failed under callgrind")
    time.sleep(max(0, began + SETTLED - time.monotonic()))
    if process.stop(timeout=60) != 0:
        raise RuntimeError(f"the proxy ended with {process.status} under callgrind: {process.output()[-2000:]}")
    return counts(profile)


def run(session: Session) -> int:
    tulle = PEERS["tulle"]
    # Without its symbols valgrind starts in half the time.
    copy = stripped(binary("tulle-proxy"), session.folder)
    peer = Peer(tulle.name, tulle.files, tulle.suffix, lambda: copy, tulle.arguments, tulle.version_arguments, tulle.words)
    limits = json.loads(LIMITS.read_text()) if LIMITS.exists() else {}
    found, over = {}, []
    for kind, title in KINDS.items():
        try:
            (few, few_allocations), (many, many_allocations) = (one_run(session, peer, kind, count) for count in (FEW, MANY))
        except CannotServe as reason:
            if kind in limits:
                raise
            print(f"{title}: not measured, the proxy cannot serve it: {reason}")
            continue
        found[kind] = {"instructions": round((many - few) / (MANY - FEW)),
                       "allocations": round((many_allocations - few_allocations) / (MANY - FEW), 2)}
        for what, figure in found[kind].items():
            limit = limits.get(kind, {}).get(what)
            verdict = "no limit yet" if limit is None else f"limit {limit:,}"
            if limit is not None and figure > TOLERANCE[what](limit):
                verdict += f", OVER by {figure / limit - 1:.1%}" if limit else ", OVER"
                over.append(f"{title}: {figure:,} {what} a request, {verdict}")
            print(f"{title}: {figure:,} {what} a request, {verdict}", flush=True)
    output = session.options.output
    output.mkdir(parents=True, exist_ok=True)
    (output / "instructions.json").write_text(json.dumps({"found": found, "limits": limits}, indent=2) + "\n")
    if session.options.set_limits:
        for figures in found.values():
            figures["allocations"] = max(0, round(figures["allocations"]))
        LIMITS.write_text(json.dumps(limits | found, indent=2) + "\n")
        print(f"written to {LIMITS.relative_to(ROOT)}")
        return 0
    for line in over:
        print(f"bench: {line}; if that is right, say why in the commit and run scripts/bench --instructions --set-limits",
              file=sys.stderr)
    return 1 if over else 0
