"""The same file, the same bytes: what Envoy and tulle-proxy answer, and what the upstream gets, must agree."""

from exchange import play

# How long the end of a connection is waited for: short, and once more at length when the answers differ, so that a
# busy machine makes no difference out of a late FIN.
WINDOWS = (0.03, 0.8)


def differences(case, contestants, stage, window):
    answers = [play(case, contestant.address(case.listener), stage, window) for contestant in contestants]
    fields = sorted(set(answers[0]) | set(answers[1]))
    return {field: (answers[0].get(field), answers[1].get(field))
            for field in fields if answers[0].get(field) != answers[1].get(field)}, answers


def test_same_answer(configuration, case, arena, accepted):
    name = f"{configuration}/{case.name}"
    contestants = arena.contestants(configuration)
    for window in WINDOWS:
        different, answers = differences(case, contestants, arena.stage, window)
        unlisted = [field for field in different if not any(entry.covers(name, field) for entry in accepted)]
        if not unlisted:
            break
    arena.played += 1
    for entry in accepted:
        if any(entry.covers(name, field) for field in different):
            arena.used.add(entry)
    # Silence on both sides would agree as well, and prove nothing.
    spoke = len(answers[0]) > 3 or "client" in answers[0] or "goaway" in answers[0] or answers[0].get("connection") == "closed" or (
        answers[0].get("r0.end", "").startswith("reset"))
    assert spoke, f"Envoy said nothing: {answers[0]}"
    lines = [f"{field}\n    envoy: {different[field][0]}\n    tulle: {different[field][1]}" for field in unlisted]
    assert not unlisted, f"{name} differs\n" + "\n".join(lines)
    stale = [entry for entry in accepted if entry.exact and entry.case == name and entry not in arena.used]
    assert not stale, f"{name} no longer differs: remove from accepted.py {stale}"


def test_every_accepted_difference_is_still_one(arena, accepted, request):
    # Only a whole run can tell.
    cases = sum(1 for item in request.session.items if item.originalname == "test_same_answer")
    if arena.peer == "envoy" or arena.played < cases or cases < 150:
        return
    stale = [entry for entry in accepted if entry not in arena.used]
    assert not stale, f"no case differs so any more: {stale}"
