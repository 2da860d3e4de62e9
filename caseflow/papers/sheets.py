"""Stored fields → one printable page. Nothing is looked up or derived here: what was issued is what is printed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import segno
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from caseflow.errors import NotFound


@dataclass(frozen=True, slots=True)
class Paper:
    """A kind of paper: its title and its template."""

    title: str
    template: str


PAPERS: Final[Mapping[str, Paper]] = {
    "receipt": Paper("收件凭据", "receipt.html"),
    "acceptance": Paper("受理通知书", "acceptance.html"),
    "notice": Paper("一次性告知书", "notice.html"),
}

_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


def render(
    kind: str, fields: Mapping[str, Any], *, reprint: int = 0, voided: bool = False, preview: bool = False
) -> str:
    """The A4 page of a paper from its stored fields; `reprint` = times printed before. NotFound for an unknown kind.

    `preview` marks a look that is not registered as a print and offers no print button. A field the template
    needs and the paper lacks is an error, never a blank on a paper somebody signs.
    """
    paper = PAPERS.get(kind)
    if paper is None:
        raise NotFound(f"没有“{kind[:40]}”这种文书")
    template = _ENVIRONMENT.get_template(paper.template)
    qr = qr_code(str(fields.get("query_code", "")))
    return template.render(f=fields, title=paper.title, qr=qr, reprint=reprint, voided=voided, preview=preview)


def qr_code(text: str) -> Markup:
    """The text as an inline SVG that needs no style, so that it passes a strict CSP; empty for an empty text."""
    if not text:
        return Markup()
    drawn = segno.make(text, error="m", micro=False).svg_inline(omitsize=True, border=2, svgclass="qr", lineclass=None)
    # segno draws numbers and its own attributes only; the text itself is never in the markup.
    return Markup(drawn)  # noqa: S704


def chinese_day(value: object) -> str:
    """2026-05-08 as 2026年5月8日; anything else as it stands."""
    found = _ISO_DAY.fullmatch(str(value))
    return f"{found[1]}年{int(found[2])}月{int(found[3])}日" if found else str(value)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("caseflow.papers"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = chinese_day
    return environment


_ENVIRONMENT: Final = _environment()
