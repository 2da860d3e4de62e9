"""`caseflow guide`: a bureau's 办事指南 read into items, with what a person has to decide."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from caseflow.cli import ChineseGroup
from caseflow.cli.output import print_json, print_table
from caseflow.errors import BadInput, Fault
from caseflow.guides.lines import Bounds
from caseflow.guides.reader import read_guide
from caseflow.guides.reading import GuideRead, item_json

_BOUNDS: Final = Bounds()


@click.group(cls=ChineseGroup, help="办事指南：读入。")
def guide() -> None:
    """The commands for guides."""


@guide.command(help="读一份办事指南（文本、.docx、PDF、网页），列出事项和需要人定的问题。")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def read(file: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Print the items; a file that is no guide is refused."""
    found = read_guide(_bytes(file))
    if as_json:
        print_json([item_json(item) for item in found.items])
    else:
        _print(found)


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_BOUNDS.file + 1)
    except OSError as error:
        raise BadInput([Fault(file.name, f"无法读取：{error.strerror}")]) from error


def _print(found: GuideRead) -> None:
    rows = [
        (
            str(item.values["name"] or "—"),
            str(item.values["bureau"] or "—"),
            str(len(item.values["materials"])),
            str(len(item.questions) or ""),
        )
        for item in found.items
    ]
    print_table(f"共 {len(rows)} 项", ("名称", "实施主体", "材料", "问题"), rows)
    for item in found.items:
        for one in item.questions:
            lines = "、".join(map(str, one.lines))
            click.echo(f"{item.values['name'] or '—'}：{one.text}" + (f"（第 {lines} 行）" if lines else ""))
