"""The measurements as a Markdown text and as JSON."""

import json
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from .peers import PEERS
from .row import Case, Row


@dataclass
class Outcome:
    """A case of a row: every peer's rounds, and why others have none."""

    row: Row
    case: Case
    rounds: dict[str, list[dict]] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)

    def medians(self) -> dict[str, dict[str, float]]:
        medians = {
            name: {key: statistics.median(round_[key] for round_ in rounds) for key in rounds[0]}
            for name, rounds in self.rounds.items() if rounds}
        self.row.complete(medians)
        return medians

    def failed(self) -> dict[str, int]:
        counts = {name: sum(int(round_.get("failed", 0)) for round_ in rounds) for name, rounds in self.rounds.items()}
        return {name: count for name, count in counts.items() if count}

    def problems(self) -> list[str]:
        """What makes the run a failure. Slowness does not."""
        where = f"{self.row.name} {self.case.label}".strip()
        return [f"{where}: {count} requests of {name} failed" for name, count in self.failed().items()] + [
            f"{where}: {name} cannot serve this: {reason}" for name, reason in self.lacking.items()]


def _figure(outcome: Outcome, name: str, column, value: float) -> str:
    text = column.form.format(value)
    values = [round_[column.key] for round_ in outcome.rounds[name] if column.key in round_]
    if column.key == outcome.row.compared and len(values) > 1:
        text += f" ({column.form.format(min(values))}–{column.form.format(max(values))})"
    return text


def table(outcomes: list[Outcome]) -> str:
    """All cases of one row."""
    row = outcomes[0].row
    with_case = any(outcome.case.label for outcome in outcomes)
    heads = [*(["case"] if with_case else []), "", *(column.title for column in row.columns), "HAProxy = 1", "Envoy = 1"]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for outcome in outcomes:
        medians = outcome.medians()
        for name, values in medians.items():
            cells = [*([outcome.case.label] if with_case else []), name]
            cells += [_figure(outcome, name, column, values[column.key]) if column.key in values else "–"
                      for column in row.columns]
            for base in ("haproxy", "envoy"):
                reference = medians.get(base, {}).get(row.compared)
                own = values.get(row.compared)
                cells.append(f"{own / reference:.2f}" if reference and own and min(own, reference) > 0 else "–")
            lines.append(f"| {' | '.join(cells)} |")
    notes = []
    for outcome in outcomes:
        where = f" ({outcome.case.label})" if outcome.case.label else ""
        notes += [f"- {name}{where} cannot serve this: {reason}" for name, reason in outcome.lacking.items()]
        notes += [f"- {name}{where}: {count} requests FAILED" for name, count in outcome.failed().items()]
    notes += [f"- {name} is left out: {reason}" for name, reason in row.left_out.items()]
    return "\n".join(lines) + ("\n\n" + "\n".join(notes) if notes else "")


def markdown(outcomes: list[Outcome], facts: dict) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    parts = [f"{facts['machine']}; {facts['date']}; {facts['rounds']} rounds of {facts['seconds']:g} s; features "
             f"{facts['features']}; {versions}."]
    if facts["short"]:
        parts.append("A short run: it shows that everything runs; its figures mean nothing.")
    for row in dict.fromkeys(outcome.row for outcome in outcomes):
        parts.append(f"## {row.title}\n\n" + table([outcome for outcome in outcomes if outcome.row is row]))
    return "\n\n".join(parts) + "\n"


def facts(options, machine: str, names: set[str]) -> dict:
    return {
        "machine": machine, "date": time.strftime("%Y-%m-%d %H:%M %Z"), "rounds": options.rounds,
        "seconds": options.seconds, "features": options.features, "short": options.short,
        "versions": {name: PEERS[name].version() for name in PEERS if name in names and PEERS[name].version_arguments}}


def write(folder: Path, outcomes: list[Outcome], facts: dict) -> str:
    text = markdown(outcomes, facts)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.md").write_text(text)
    rows = [
        {"row": outcome.row.name, "case": outcome.case.label, "features": sorted(outcome.case.features),
         "medians": outcome.medians(), "rounds": outcome.rounds, "cannot_serve": outcome.lacking}
        for outcome in outcomes]
    (folder / "bench.json").write_text(json.dumps({**facts, "rows": rows}, indent=2) + "\n")
    return text
