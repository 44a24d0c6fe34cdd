"""Arguments, then row by row: cases, rounds, peers; then the report."""

import argparse
import signal
import sys
from pathlib import Path

from support.binaries import ROOT

from . import instructions, machine, report
from .features import EXTRAS, FEATURES
from .load import LoadFailed
from .peers import PEERS, family
from .report import Outcome
from .row import Case, Row
from .rows import ROWS
from .session import CannotServe, Session

FAMILIES = list(dict.fromkeys(family(name) for name in PEERS))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Measures tulle-proxy beside its rivals.")
    parser.add_argument("--short", action="store_true", help="under a minute, for CI: shows that all of it runs")
    parser.add_argument("--rows", default=",".join(ROWS), help="of " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="of load a peer, case and round")
    parser.add_argument("--peers", default=",".join(FAMILIES), help="of " + ", ".join(FAMILIES))
    parser.add_argument("--features", choices=("on", "off", "each"), default="on",
                        help="each measures what every one costs Tulle, in the rows h1 and h2: "
                             + ", ".join([*FEATURES, *EXTRAS]))
    parser.add_argument("--output", type=Path, default=ROOT / ".run" / "bench", help="folder of the table and the JSON")
    parser.add_argument("--keep", action="store_true", help="leave the peers' configurations and logs in place")
    parser.add_argument("--instructions", action="store_true",
                        help="count instructions and allocations a request instead, and hold them against limits.json")
    parser.add_argument("--set-limits", action="store_true", help="with --instructions: write limits.json from this run")
    options = parser.parse_args()
    options.rows = _names(parser, "--rows", options.rows, ROWS)
    options.peers = _names(parser, "--peers", options.peers, FAMILIES)
    options.warm_up = min(2.0, options.seconds / 2)
    if options.short:
        options.rounds, options.seconds, options.warm_up = 1, 0.4, 0
    return options


def _names(parser, flag: str, text: str, known) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in known:
            parser.error(f'{flag}: "{name}" is none of {", ".join(known)}')
    return names


def one_case(session: Session, row: Row, case: Case) -> Outcome:
    """All rounds of a case. The order of the peers alternates, so that none always comes first."""
    outcome = Outcome(row, case)
    names = row.peers_of(case, session)
    outcome.rounds = {name: [] for name in names}
    for number in range(session.options.rounds):
        for name in names if number % 2 == 0 else reversed(names):
            if name in outcome.lacking:
                continue
            label = " ".join(filter(None, (row.name, case.label)))
            try:
                figures = row.measure(session, name, case)
            except (CannotServe, LoadFailed) as reason:
                print(f"{label}: {name} cannot serve this: {reason}", flush=True)
                outcome.lacking[name] = str(reason)
                continue
            outcome.rounds[name].append(figures)
            shown = ", ".join(f"{column.title} {column.form.format(figures[column.key])}"
                              for column in row.columns if column.key in figures)
            print(f"{label}, round {number + 1}: {name}: {shown}", flush=True)
    return outcome


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    session = Session(options)
    outcomes: list[Outcome] = []
    try:
        if options.instructions:
            return instructions.run(session)
        for name in options.rows:
            row = ROWS[name]
            outcomes += [one_case(session, row, case) for case in row.cases(session)]
    finally:
        session.close()
    names = {family(name) for outcome in outcomes for name in outcome.rounds}
    text = report.write(options.output, outcomes, report.facts(options, machine.description(), names))
    print(f"\n{text}\nwritten to {options.output}/bench.md and bench.json")
    problems = [problem for outcome in outcomes for problem in outcome.problems()]
    for problem in problems:
        print(f"bench: {problem}", file=sys.stderr)
    return 1 if problems else 0


sys.exit(main())
