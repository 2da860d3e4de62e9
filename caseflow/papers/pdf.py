"""The printed page as PDF: the same HTML and stylesheet as the browser's print, drawn by WeasyPrint (extra `pdf`)."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any, Final

from caseflow.errors import Refusal, Refused, Unavailable
from caseflow.papers.glyphs import sentence, unshown

# Relative addresses need some base; this name is reserved and is never looked up.
_BASE: Final = "http://paper.invalid"
_STYLESHEET: Final = f"{_BASE}/static/paper.css"


def render_pdf(html: str, css: str) -> bytes:
    """The A4 PDF of a page made by `render`, with `css`, the text of its stylesheet; nothing is fetched.

    Unavailable where WeasyPrint or a library it needs is missing; Refused, naming the characters, where no font has
    them: a gap in a name is never printed. ValueError for a page that wants anything but its stylesheet.
    """
    weasyprint, urls = _engine("weasyprint"), _engine("weasyprint.urls")
    _refuse(unshown(_visible(html)))
    try:
        with _undrawn() as gaps:
            page = weasyprint.HTML(string=html, base_url=_BASE, url_fetcher=_stylesheet_only(urls, css))
            drawn: bytes = page.write_pdf()
    except urls.FatalURLFetchingError as error:
        raise ValueError(f"a paper may fetch nothing but its stylesheet: {error}") from error
    _refuse(tuple(dict.fromkeys(gaps)))
    return drawn


def _engine(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Unavailable("服务器没有安装 PDF 组件（caseflow[pdf]），请使用浏览器打印。") from error
    except OSError as error:
        raise Unavailable(
            "服务器缺少 PDF 组件需要的系统库（pango、harfbuzz、fontconfig），请使用浏览器打印。"
        ) from error


def _stylesheet_only(urls: Any, css: str) -> Any:
    def fetch(_fetcher: object, url: str, _headers: object = None) -> Any:
        if url != _STYLESHEET:
            raise urls.FatalURLFetchingError(url)
        return urls.URLFetcherResponse(url, css, {"Content-Type": "text/css; charset=utf-8"})

    # WeasyPrint publishes no types and may not be installed, so its class is known only here.
    return type("StylesheetOnly", (urls.URLFetcher,), {"fetch": fetch})()


def _refuse(characters: tuple[str, ...]) -> None:
    if characters:
        raise Refused([Refusal("unshown", f"{sentence(characters)}请先安装含有这些字的字体，再生成 PDF。")])


@contextmanager
def _undrawn() -> Iterator[list[str]]:
    """The characters for which WeasyPrint, drawing in this thread, found no glyph after all."""
    heard = _Gaps()
    log = logging.getLogger("weasyprint")
    log.addHandler(heard)
    try:
        yield heard.characters
    finally:
        log.removeHandler(heard)


class _Gaps(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.characters: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and ".notdef" in str(record.msg) and isinstance(record.args, tuple):
            self.characters.append(str(record.args[0]))


def _visible(html: str) -> str:
    words = _Words()
    words.feed(html)
    words.close()
    return "".join(words.found)


class _Words(HTMLParser):
    """The text between the tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)
