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
    """A kind of paper: its title, its template, and who keeps each copy where one print holds several."""

    title: str
    template: str
    copies: tuple[str, ...] = ("",)


PAPERS: Final[Mapping[str, Paper]] = {
    "receipt": Paper("收件凭据", "receipt.html"),
    "acceptance": Paper("受理通知书", "acceptance.html"),
    "notice": Paper("一次性告知书", "notice.html"),
    "decline": Paper("不予受理通知书", "decline.html"),
    # 容缺受理的告知和承诺一式两份
    "deferral": Paper("容缺受理通知书", "deferral.html", ("申请人留存", "机关存档")),
    "commitment": Paper("告知承诺书", "commitment.html"),
    "special": Paper("特别程序告知书", "special.html"),
    "extension": Paper("延期办理通知书", "extension.html"),
    "refusal": Paper("审核不通过告知书", "refusal.html"),
    "completion": Paper("办结通知书", "completion.html"),
    "statement": Paper("待遇支付明细表", "statement.html"),
    "service": Paper("送达回证", "service.html"),
    "transfer": Paper("交接单", "transfer.html"),
    "order": Paper("督办单", "order.html"),
}

_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


def render(
    kind: str,
    fields: Mapping[str, Any],
    *,
    reprint: int = 0,
    voided: bool = False,
    preview: bool = False,
    warning: str = "",
) -> str:
    """The A4 page of a paper from its stored fields; `reprint` = times printed before. NotFound for an unknown kind.

    `preview` marks a look that is not registered as a print and offers no print button; `warning` stands above the
    sheet on the screen and is not printed. A field the template needs and the paper lacks is an error, never a blank
    on a paper somebody signs.
    """
    paper = PAPERS.get(kind)
    if paper is None:
        raise NotFound(f"没有“{kind[:40]}”这种文书")
    template = _ENVIRONMENT.get_template(paper.template)
    qr = qr_code(str(fields.get("query_code", "")))
    marks = {"reprint": reprint, "voided": voided, "preview": preview, "warning": warning}
    return template.render(f=fields, title=paper.title, copies=paper.copies, qr=qr, **marks)


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
