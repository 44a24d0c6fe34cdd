"""Each rule of RFC 9113 and RFC 7541 that a server can be probed for from outside: see cases/."""

from outcome import allows, observe
from support.http2.peer import Peer


def test_conforms(conformance, target):
    case = conformance
    assert target.process.running(), f"{target.kind} has ended:\n{target.process.output()[-3000:]}"
    with Peer(target.address) as peer:
        if case.preface:
            peer.start(*case.settings)
        for step in case.steps:
            if callable(step):
                step(peer)
            else:
                peer.send(step)
        found = observe(peer, case.stream, afar=any(answer.kind == "status" for answer in case.allowed))
        told = " or ".join(map(str, case.allowed))
        assert allows(case.allowed, found, target.lenient), (
            f"RFC {case.rule}: {told} expected, {found} came; frames: {peer.frames[-12:]}")
        if case.check:
            case.check(peer)
        if found.kind in ("status", "nothing") or found.kind == "reset" and not target.lenient:
            assert peer.alive(), f"the connection ended after {found}: {peer.frames[-12:]}"
