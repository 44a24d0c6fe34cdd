"""Fills the peers' configuration files in; Benchmarks/peers/README.md says how they are marked."""

import re

from .features import EXTRAS, FEATURES

_MARK = re.compile(r"\s*#@ (.*)$")
_NAME = re.compile(r"@([A-Z0-9]+(?:\.[A-Z]+)?)@")
# Words that mean something: a misspelt one must not quietly leave its line out.
_WORDS = {*FEATURES, *EXTRAS, "tulle", "envoy", "haproxy", "nginx", "nghttpx", "splice", "tls", "mtls", "rules"}


def fill(text: str, conditions: frozenset, values: dict) -> str:
    """The file with only the lines that `conditions` ask for. A list's lines are written once an item; lines of the
    same list that follow each other stay together."""
    written, block, block_list = [], [], None

    def end_block():
        for item in values[block_list] if block_list else ():
            written.extend(_replace(line, {**values, **{f"{block_list}.{key}": value for key, value in item.items()}})
                           for line in block)
        block.clear()

    for line in text.splitlines():
        words, name = [], None
        if mark := _MARK.search(line):
            line, words = line[:mark.start()], mark[1].split()
        if "each" in words:
            name = words[words.index("each") + 1]
            words = words[:words.index("each")]
        if not all(_holds(word, conditions) for word in words):
            continue
        if name != block_list:
            end_block()
            block_list = name
        if name:
            block.append(line)
        else:
            written.append(_replace(line, values))
    end_block()
    return "\n".join(written) + "\n"


def _holds(word: str, conditions: frozenset) -> bool:
    plain = word.removeprefix("!")
    if plain not in _WORDS:
        raise ValueError(f'"#@ {word}" is no feature, peer or variant')
    return (plain in conditions) != word.startswith("!")


def _replace(line: str, values: dict) -> str:
    return _NAME.sub(lambda match: str(values[match[1]]), line)
