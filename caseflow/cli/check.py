"""`caseflow check`: every fault of the definitions, the packaged ones or a folder's or a single file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import click

from caseflow.catalogue import check_definitions
from caseflow.cli.output import print_json
from caseflow.config import load_items_dir
from caseflow.errors import BadInput, Fault, InvalidDefinition
from caseflow.rules.definition import read_bureau, read_item

_FAILED = 1


@click.command(help="检查事项定义，列出全部错误；有错误时退出码为 1。PATH 为文件夹或单个文件，缺省为本系统所用的定义。")
@click.argument("path", required=False)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def check(path: str | None, as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Print every fault; exit 1 if there is one, 2 where there is nothing to check."""
    faults = definition_faults(Path(path)) if path else check_definitions(load_items_dir(os.environ))
    if as_json:
        print_json({"ok": not faults, "faults": [{"place": fault.place, "text": fault.text} for fault in faults]})
    else:
        _report(faults)
    if faults:
        raise click.exceptions.Exit(_FAILED)


def definition_faults(path: Path) -> tuple[Fault, ...]:
    """Every fault of one file, of a bureau's folder, or of a folder of bureaus; BadInput where there is none."""
    try:
        if path.is_file():
            return _file_faults(path)
        own = sorted(path.glob("*.toml")) if path.is_dir() else []
        known = path.is_dir()
    except (OSError, ValueError) as error:
        raise BadInput([Fault(str(path)[:80], "读不了")]) from error
    if not known:
        raise BadInput([Fault(str(path)[:80], "没有这个文件或文件夹")])
    return tuple(fault for file in own for fault in _file_faults(file)) if own else check_definitions(path)


def _file_faults(path: Path) -> tuple[Fault, ...]:
    read = read_bureau if path.name == "bureau.toml" else read_item
    try:
        read(path.read_text(encoding="utf-8"), path.name)
    except InvalidDefinition as error:
        return error.faults
    except UnicodeDecodeError:
        return (Fault(path.name, "不是 UTF-8 文字"),)
    return ()


def _report(faults: Iterable[Fault]) -> None:
    told = [str(fault) for fault in faults]
    click.echo("\n".join([*told, f"共 {len(told)} 处错误。"]) if told else "没有发现错误。")
