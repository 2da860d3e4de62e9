"""Which characters no installed font can show: asked of fontconfig, from which Pango and the browsers choose fonts."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from caseflow.errors import Unavailable

_LIBRARIES: Final = ("libfontconfig.so.1", "libfontconfig.1.dylib", "libfontconfig-1.dll")
_DRAWABLE: Final = (b"TrueType", b"CFF")
"""The formats HarfBuzz shapes; Pango passes over old bitmap and Type 1 fonts, so their characters do not count."""
_BLANK: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_SYSTEM_SET: Final = 0


def missing(text: str, shows: Callable[[str], bool]) -> tuple[str, ...]:
    """The characters that `shows` denies, each once and in order; what draws nothing by itself is never missing."""
    return tuple(one for one in dict.fromkeys(text) if not _draws_nothing(one) and not shows(one))


def unshown(text: str) -> tuple[str, ...]:
    """The characters of a text that no font of this machine can show. Unavailable where there is no fontconfig."""
    with installed_fonts() as shows:
        return missing(text, shows)


def warning(fields: Mapping[str, Any]) -> str:
    """What must be said above a paper before it is printed: the characters it would print as gaps; else nothing."""
    try:
        found = unshown("".join(_texts(fields)))
    except Unavailable as error:
        return f"{error}打印前请自行核对姓名等处的生僻字。"
    return f"{sentence(found)}请先安装含有这些字的字体，不要打印。" if found else ""


def sentence(characters: tuple[str, ...]) -> str:
    """The characters with their code points, for staff."""
    named = "、".join(f"{one}（U+{ord(one):04X}）" for one in characters)
    return f"服务器的字体不能显示下列字符：{named}。"


def _draws_nothing(one: str) -> bool:
    # A variation selector changes the character before it and has no shape of its own.
    return unicodedata.category(one) in _BLANK or "\ufe00" <= one <= "\ufe0f" or "\U000e0100" <= one <= "\U000e01ef"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


class _FontSet(ctypes.Structure):
    _fields_ = (
        ("nfont", ctypes.c_int),
        ("sfont", ctypes.c_int),
        ("fonts", ctypes.POINTER(ctypes.c_void_p)),
    )


@contextmanager
def installed_fonts() -> Iterator[Callable[[str], bool]]:
    """Whether some font of this machine shows a character, while the context is open. Unavailable without fontconfig.

    The configuration is read anew each time, as WeasyPrint does, so that a font installed just now counts.
    """
    library = _library()
    config = library.FcInitLoadConfigAndFonts()
    if not config:
        raise Unavailable("服务器的字体配置不能读取，无法检查生僻字。")
    try:
        found = library.FcConfigGetFonts(config, _SYSTEM_SET)
        charsets = list(_charsets(library, found.contents)) if found else []
        yield lambda one: any(library.FcCharSetHasChar(charset, ord(one)) for charset in charsets)
    finally:
        library.FcConfigDestroy(config)


def _charsets(library: ctypes.CDLL, fonts: _FontSet) -> Iterator[ctypes.c_void_p]:
    for pattern in fonts.fonts[: fonts.nfont]:
        kind, charset = ctypes.c_char_p(), ctypes.c_void_p()
        known = library.FcPatternGetString(pattern, b"fontformat", 0, ctypes.byref(kind)) == 0
        drawable = known and kind.value in _DRAWABLE
        if drawable and library.FcPatternGetCharSet(pattern, b"charset", 0, ctypes.byref(charset)) == 0:
            yield charset


def _library() -> ctypes.CDLL:
    for name in _LIBRARIES:
        with suppress(OSError):  # the next name is the one of another system
            return _declared(ctypes.CDLL(name))
    raise Unavailable("服务器没有安装 fontconfig，无法检查生僻字。")


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, result, name = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    library.FcInitLoadConfigAndFonts.argtypes, library.FcInitLoadConfigAndFonts.restype = [], pointer
    library.FcConfigDestroy.argtypes, library.FcConfigDestroy.restype = [pointer], None
    library.FcConfigGetFonts.argtypes = [pointer, ctypes.c_int]
    library.FcConfigGetFonts.restype = ctypes.POINTER(_FontSet)
    for function in (library.FcPatternGetString, library.FcPatternGetCharSet):
        function.argtypes, function.restype = [pointer, name, ctypes.c_int, pointer], result
    library.FcCharSetHasChar.argtypes, library.FcCharSetHasChar.restype = [pointer, ctypes.c_uint32], ctypes.c_int
    return library
