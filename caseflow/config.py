"""What an installation is told: CASEFLOW_… variables over caseflow.toml. There is no default key."""

from __future__ import annotations

import hashlib
import hmac
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from caseflow.errors import BadInput, Fault

CONFIG_FILE: Final = Path("caseflow.toml")
DEFAULT_DATABASE: Final = "sqlite:///caseflow.db"
_PREFIX: Final = "CASEFLOW_"
_NO_KEY: Final = "没有密钥。请先运行 caseflow init 生成 caseflow.toml，或设置环境变量 CASEFLOW_MASTER_KEY"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation. The key and the database's address are kept out of its repr, and so out of logs."""

    database_url: str = field(repr=False)
    master_key: str = field(repr=False)
    items_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 8
    secure_cookies: bool = True
    idle_minutes: int = 30

    @property
    def cookie_secret(self) -> str:
        """The secret that signs form tokens: derived from the master key, so the same in every process."""
        return hmac.new(self.master_key.encode(), b"caseflow cookies", hashlib.sha256).hexdigest()


def load_settings(environ: Mapping[str, str], path: Path = CONFIG_FILE) -> Settings:
    """The settings of this installation; BadInput with every fault, a missing key among them."""
    values = _values(environ, path)
    if not values.get("master_key"):
        raise BadInput([Fault("", _NO_KEY)])
    return Settings(**{"database_url": DEFAULT_DATABASE, **values})


def load_items_dir(environ: Mapping[str, str], path: Path = CONFIG_FILE) -> Path | None:
    """The folder of a bureau's own items, for commands that need neither key nor database."""
    found: Path | None = _values(environ, path).get("items_dir")
    return found


def _values(environ: Mapping[str, str], path: Path) -> dict[str, Any]:
    faults: list[Fault] = []
    given = {key: (f"{path.name} {key}", value) for key, value in _read_file(path).items()}
    for name, text in environ.items():
        if name.startswith(_PREFIX):
            given[name.removeprefix(_PREFIX).lower()] = (name, text)
    values = {key: _value(key, place, raw, faults) for key, (place, raw) in given.items()}
    if faults:
        raise BadInput(faults)
    if values.get("items_dir") and "CASEFLOW_ITEMS_DIR" not in environ:
        values["items_dir"] = path.parent / values["items_dir"]
    return values


def _read_file(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput([Fault(path.name, f"无法读取：{error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise BadInput([Fault(path.name, "不是 UTF-8 文字")]) from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput([Fault(path.name, f"不是正确的 TOML：{error}")]) from error


def _value(key: str, place: str, raw: object, faults: list[Fault]) -> Any:
    reader = _READERS.get(key)
    if reader is None:
        faults.append(Fault(place, f"没有这一项设置，可用的有 {'、'.join(_READERS)}"))
        return None
    try:
        return reader(raw)
    except ValueError as error:
        faults.append(Fault(place, str(error)))
        return None


def _text(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("应为文字，不能为空")
    return raw.strip()


def _folder(raw: object) -> Path:
    return Path(_text(raw))


def _number(least: int, most: int) -> Callable[[object], int]:
    def read(raw: object) -> int:
        text = "" if isinstance(raw, bool) else str(raw)
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"应为 {least} 到 {most} 的整数")
        return int(text)

    return read


def _flag(raw: object) -> bool:
    word = str(raw).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("应为 true 或 false")
    return word in _TRUE


_READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "database_url": _text,
    "master_key": _text,
    "items_dir": _folder,
    "host": _text,
    "port": _number(1, 65_535),
    "threads": _number(1, 64),
    "secure_cookies": _flag,
    "idle_minutes": _number(1, 720),
}
