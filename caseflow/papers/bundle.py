"""Several papers as one page for the printer: each sheet as it would be by itself, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_OPEN: Final = "<main>"
_CLOSE: Final = "</main>"
_TITLE: Final = ("<title>", "</title>")


def bundle(pages: Sequence[str]) -> str:
    """The sheets of pages made by `render` under the head of the first; ValueError for none.

    What one page says above its sheet, such as a character no font has, stands above that sheet.
    """
    if not pages:
        raise ValueError("nothing to print")
    start, _, rest = pages[0].partition(_OPEN)
    _, _, end = rest.rpartition(_CLOSE)
    before, _, titled = start.partition(_TITLE[0])
    head = f"{before}{_TITLE[0]}文书 {len(pages)} 份{_TITLE[1]}{titled.partition(_TITLE[1])[2]}"
    sheets = [_sheets(page) for page in pages]
    warnings = [_warning(page) for page in pages[1:]]
    return "".join((head, *warnings, _OPEN, *sheets, _CLOSE, end))


def _sheets(page: str) -> str:
    return page.partition(_OPEN)[2].rpartition(_CLOSE)[0]


def _warning(page: str) -> str:
    mark = '<p class="tools warning"'
    _, found, rest = page.partition(_OPEN)[0].partition(mark)
    return f"{found}{rest.partition('</p>')[0]}</p>" if found else ""
