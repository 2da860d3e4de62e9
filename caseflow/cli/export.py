"""`caseflow export`: the cases of a bureau and a period as an Excel workbook, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.errors import BadInput, Fault, Refusal, Refused, Unavailable
from caseflow.house import beijing_day
from caseflow.papers.workbook import Head, Sheet, Value, write_workbook
from caseflow.rules.case_sets import NAMES, Span
from caseflow.store.db import reading
from caseflow.views.calendar_page import working_calendar
from caseflow.views.case_sets import Chosen, scope_for
from caseflow.views.export import COLUMNS, USUAL, rows_of, size_of
from caseflow.views.lines import STATES


class Day(click.ParamType[date]):
    """A date written YYYY-MM-DD and in no other way."""

    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date; a fault of the command line for anything else."""
        if isinstance(value, date):
            return value
        try:
            found = date.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.isoformat() != value:
            self.fail("应为 YYYY-MM-DD 的日期", param, ctx)
        return found


_DAY: Final = Day()


@click.command(help="导出办件清单（Excel）：姓名脱敏，证件只有后四位；不覆盖已有文件。")
@click.option("--bureau", required=True, help="经办机构代码，如 shawan")
@click.option("--from", "first", required=True, type=_DAY, help="起始日期，如 2026-01-01")
@click.option("--to", "last", required=True, type=_DAY, help="截止日期，含当日")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="要写的文件，如 cases.xlsx")
@click.option(
    "--set", "key", type=click.Choice(list(NAMES)), default="received", help="范围；缺省 received（期内收件）"
)
@click.option("--item", default="", help="只要一个事项，如 newborn-enrolment")
@click.option("--section", default="", help="只要一个科室")
@click.option("--window", default="", help="只要一个窗口")
@click.option("--state", type=click.Choice(list(STATES)), default=None, help="只要一个环节")
@click.option("--columns", default=",".join(USUAL), show_default=False, help=f"列，以逗号分隔：{'、'.join(COLUMNS)}")
def export(bureau: str, first: date, last: date, out: Path, columns: str, **wanted: Any) -> None:
    """Write the workbook with a progress bar on a terminal, and say how many cases it holds."""
    chosen_columns = _columns(columns)
    if first > last:
        raise BadInput([Fault("--from", "起始日期不能晚于截止日期")])
    settings = settings_here()
    house = house_of(settings)
    known = house.catalogue.bureau(bureau).key
    today = beijing_day(now())
    span = Span(first, last, today)
    key = wanted.pop("key")
    chosen = Chosen(**{name: value or "" for name, value in wanted.items()})
    with database(settings.database_url) as engine, reading(engine) as session:
        scope = scope_for(session, working_calendar(session, house, known), known, today, chosen)
        total = size_of(session, scope, key, span)
        if not total:
            raise Refused([Refusal("nothing", "没有符合条件的办件，没有写任何文件。")])
        heads = [Head(COLUMNS[one].name, COLUMNS[one].kind, COLUMNS[one].width) for one in chosen_columns]
        with _new_file(out) as target, _watched(rows_of(session, scope, key, span, chosen_columns), total) as rows:
            written = write_workbook(target, [Sheet("办件", heads, rows)])
    click.echo(f"已导出 {written} 件（{NAMES[key][0]}，{span.first} 至 {span.last}）：{out}")


def _columns(text: str) -> tuple[str, ...]:
    """The columns named, in the order they are named."""
    named = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in named if name not in COLUMNS]
    if unknown or not named:
        raise BadInput(
            [Fault("--columns", f"没有列 {'、'.join(unknown)[:60] or '（空）'}，可用的有 {'、'.join(COLUMNS)}")]
        )
    return named


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that was not there before; it is taken away again where it could not be finished."""
    try:
        target = path.open("xb")
    except FileExistsError:
        raise Refused([Refusal("exists", f"{path} 已存在，不会覆盖；请换一个文件名")]) from None
    except OSError as error:
        raise Unavailable(f"不能写 {path}：{error.strerror}") from error
    try:
        with target:
            yield target
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _watched(rows: Iterable[Sequence[Value]], total: int) -> Iterator[Iterator[Sequence[Value]]]:
    """The same rows, with a bar that grows as they are taken; none where nobody sees it."""
    console = Console(stderr=True)
    bars = (TextColumn("正在导出"), BarColumn(), MofNCompleteColumn(), TextColumn("件"), TimeRemainingColumn())
    with Progress(*bars, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield iter(progress.track(rows, total=total))
