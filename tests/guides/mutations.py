"""Ways in which the same guide is typed differently: the facts stay the same, so the reading must, or must ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from caseflow.guides.inline_labels import cut
from caseflow.guides.labels import strip_numbering

_FULL: Final = str.maketrans("0123456789:()", "０１２３４５６７８９：（）")
_HALF: Final = str.maketrans("０１２３４５６７８９：（），；", "0123456789:(),;")


def _labelled(line: str) -> bool:
    return "\t" not in line and "|" not in line and cut(line)[0].label is not None


def numbers_dropped(text: str) -> str:
    """Every heading without its number."""
    return "\n".join(
        strip_numbering(line.strip())[1] if _labelled(line) and not line.lstrip().startswith(("◆", "【")) else line
        for line in text.split("\n")
    )


def one_number_wrong(text: str) -> str:
    """A heading numbered like the one before it."""
    lines = text.split("\n")
    headed = [
        place for place, line in enumerate(lines) if _labelled(line) and re.match(r"[一二三四五六七八九十]+、", line)
    ]
    if len(headed) > 4:
        place = headed[3]
        lines[place] = re.sub(
            r"^[一二三四五六七八九十]+、", re.match(r"[一二三四五六七八九十]+、", lines[headed[2]])[0], lines[place]
        )  # type: ignore[index]
    return "\n".join(lines)


def heading_glued(text: str) -> str:
    """A numbered heading with its colon glued to the end of the line before."""
    lines = text.split("\n")
    for place in range(len(lines) - 1, 3, -1):
        if (
            re.match(r"[一二三四五六七八九十]+、.{2,10}[:：]", lines[place])
            and _labelled(lines[place])
            and lines[place - 1].strip()
        ):
            lines[place - 1 : place + 1] = [lines[place - 1].rstrip() + lines[place]]
            break
    return "\n".join(lines)


def neighbours_swapped(text: str) -> str:
    """Two facts of one line each in the other order."""
    lines = text.split("\n")
    for place in range(len(lines) - 3, 1, -1):
        pair = lines[place : place + 2]
        if all(
            re.match(r"(?:[一二三四五六七八九十]+、)?.{2,8}[:：]\S", line) and _labelled(line) for line in pair
        ) and _labelled(lines[place + 2]):
            lines[place : place + 2] = pair[::-1]
            break
    return "\n".join(lines)


def pipes_for_tabs(text: str) -> str:
    """A table typed with pipes."""
    return "\n".join(f"| {line.replace(chr(9), ' | ')} |" if "\t" in line else line for line in text.split("\n"))


def tabs_for_pipes(text: str) -> str:
    """A table typed with tabs."""
    lines = [line for line in text.split("\n") if not re.fullmatch(r"\|[-|]+\|", line)]
    return "\n".join(
        "\t".join(cell.strip() for cell in line.strip("| ").split("|")) if line.startswith("|") else line
        for line in lines
    )


def full_width(text: str) -> str:
    """Digits, colons and brackets full-width."""
    return "\n".join(line if "http" in line else line.translate(_FULL) for line in text.split("\n"))


def half_width(text: str) -> str:
    """Digits, colons, brackets and commas half-width."""
    return text.translate(_HALF)


def spread_out(text: str) -> str:
    """An empty line after every line."""
    return text.replace("\n", "\n\n")


def pressed_together(text: str) -> str:
    """No empty lines."""
    return "\n".join(line for line in text.split("\n") if line.strip())


def indented(text: str) -> str:
    """Every line moved in, and ended as on Windows."""
    return "\r\n".join(f"　　{line}" if line.strip() else line for line in text.split("\n"))


def headings_in_brackets(text: str) -> str:
    """一、受理条件： written 【受理条件】."""
    return re.sub(r"(?m)^[一二三四五六七八九十]+、\s*([一-龥]{2,10})[:：]?\s*$", r"【\1】", text)


MUTATIONS: Final[Mapping[str, Callable[[str], str]]] = {
    one.__name__: one
    for one in (
        numbers_dropped,
        one_number_wrong,
        heading_glued,
        neighbours_swapped,
        pipes_for_tabs,
        tabs_for_pipes,
        full_width,
        half_width,
        spread_out,
        pressed_together,
        indented,
        headings_in_brackets,
    )
}


def changed(text: str) -> Iterator[tuple[str, str]]:
    """Each way of typing that changes this text, with the text."""
    for name, mutate in MUTATIONS.items():
        mutated = mutate(text)
        if mutated != text:
            yield name, mutated
