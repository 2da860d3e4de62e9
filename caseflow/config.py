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
from urllib.parse import urlsplit

from caseflow.errors import BadInput, Fault

CONFIG_FILE: Final = Path("caseflow.toml")
DEFAULT_DATABASE: Final = "sqlite:///caseflow.db"
_PREFIX: Final = "CASEFLOW_"
_NO_KEY: Final = "没有密钥。请先运行 caseflow init 生成 caseflow.toml，或设置环境变量 CASEFLOW_MASTER_KEY"
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_SECURITIES: Final = ("starttls", "ssl", "none")
_SIGN_IN: Final = (
    *("idle_minutes", "session_hours", "one_place", "lock_failures", "lock_minutes", "address_failures"),
    *("second_factor", "password_policy", "password_least", "administrators"),
)
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,190}")


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation. The key and the database's address are kept out of its repr, and so out of logs."""

    database_url: str = field(repr=False)
    master_key: str = field(repr=False)
    next_master_key: str = field(default="", repr=False)
    items_dir: Path | None = None
    files_dir: Path = Path("caseflow-files")
    seals_file: Path = Path("caseflow-seals.jsonl")
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 8
    secure_cookies: bool = True
    trusted_proxies: int = 0
    idle_minutes: int = 30
    session_hours: int = 12
    one_place: bool = False
    lock_failures: int = 5
    lock_minutes: int = 15
    address_failures: int = 30
    second_factor: frozenset[str] = frozenset()
    password_policy: str = "asvs"  # noqa: S105 - the name of a profile
    password_least: int = 0
    administrators: str = "one"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_from: str = ""
    sms_url: str = field(default="", repr=False)
    sms_secret: str = field(default="", repr=False)
    ca_file: Path | None = None
    send_timeout: int = 10
    office_mail: Mapping[str, str] = field(default_factory=dict)

    @property
    def cookie_secret(self) -> str:
        """The secret that signs form tokens: derived from the master key, so the same in every process."""
        return hmac.new(self.master_key.encode(), b"caseflow cookies", hashlib.sha256).hexdigest()

    @property
    def sign_in(self) -> Mapping[str, Any]:
        """The settings of signing in, by the names of `rules.sign_in.SignInRules`."""
        return {name: getattr(self, name) for name in _SIGN_IN}


def load_settings(environ: Mapping[str, str], path: Path = CONFIG_FILE) -> Settings:
    """The settings of this installation; BadInput with every fault, a missing key among them."""
    values = _values(environ, path)
    if not values.get("master_key"):
        raise BadInput([Fault("", _NO_KEY)])
    if faults := _incomplete(values):
        raise BadInput(faults)
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
    for key in ("items_dir", "files_dir", "seals_file", "ca_file"):
        if values.get(key) and f"{_PREFIX}{key.upper()}" not in environ:
            values[key] = path.parent / values[key]
    return values


def _incomplete(values: Mapping[str, Any]) -> list[Fault]:
    """What is missing beside what was given, for sending messages."""
    return [Fault(place, text) for place, text, wrong in _TOGETHER if wrong(values)]


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


def _path(raw: object) -> Path:
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


def _word(options: tuple[str, ...]) -> Callable[[object], str]:
    def read(raw: object) -> str:
        word = _text(raw).lower()
        if word not in options:
            raise ValueError(f"应为 {'、'.join(options)} 之一")
        return word

    return read


def _address(raw: object) -> str:
    text = _text(raw)
    if not _ADDRESS.fullmatch(text):
        raise ValueError("应为邮箱地址，如 office@example.cn")
    return text


def _web_address(raw: object) -> str:
    text = _text(raw)
    parts = urlsplit(text)
    plain = text.isascii() and text.isprintable() and " " not in text
    if not plain or parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
        raise ValueError("应为 http:// 或 https:// 开头的地址，不含账号")
    _ = parts.port  # a port that is no number is a ValueError
    return text


def _words(raw: object) -> frozenset[str]:
    """A list of words, or "word, word" in a variable."""
    parts = raw if isinstance(raw, list) else _text(raw).split(",")
    return frozenset(_text(part) for part in parts)


def _mailboxes(raw: object) -> dict[str, str]:
    """A table of bureau = address, or "bureau=address, bureau=address" in a variable."""
    pairs = raw.items() if isinstance(raw, dict) else (part.partition("=")[::2] for part in _text(raw).split(","))
    return {str(bureau).strip(): _address(address) for bureau, address in pairs}


_TOGETHER: Final[tuple[tuple[str, str, Callable[[Mapping[str, Any]], bool]], ...]] = (
    ("smtp_from", "设置了 smtp_host，还应设置发件地址", lambda v: "smtp_host" in v and "smtp_from" not in v),
    ("smtp_password", "设置了 smtp_user，还应设置密码", lambda v: "smtp_user" in v and "smtp_password" not in v),
    (
        "smtp_security",
        "不加密的连接不能使用账号和密码，请改用 starttls 或 ssl",
        lambda v: "smtp_user" in v and v.get("smtp_security") == "none",
    ),
    ("sms_secret", "设置了 sms_url，还应设置签名密钥", lambda v: "sms_url" in v and "sms_secret" not in v),
    ("smtp_host", "设置了 office_mail，还应设置邮件服务器", lambda v: "office_mail" in v and "smtp_host" not in v),
)
"""Settings that need each other: where the fault is, what to do, and when it is one."""

_READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "database_url": _text,
    "master_key": _text,
    "next_master_key": _text,
    "items_dir": _path,
    "files_dir": _path,
    "seals_file": _path,
    "host": _text,
    "port": _number(1, 65_535),
    "threads": _number(1, 64),
    "secure_cookies": _flag,
    "trusted_proxies": _number(0, 5),
    "idle_minutes": _number(1, 720),
    "session_hours": _number(1, 24),
    "one_place": _flag,
    "lock_failures": _number(3, 20),
    "lock_minutes": _number(1, 1440),
    "address_failures": _number(5, 1000),
    "second_factor": _words,
    "password_policy": _word(("asvs", "gb22239")),
    "password_least": _number(8, 64),
    "administrators": _word(("one", "three")),
    "smtp_host": _text,
    "smtp_port": _number(1, 65_535),
    "smtp_security": _word(_SECURITIES),
    "smtp_user": _text,
    "smtp_password": _text,
    "smtp_from": _address,
    "sms_url": _web_address,
    "sms_secret": _text,
    "ca_file": _path,
    "send_timeout": _number(1, 30),
    "office_mail": _mailboxes,
}
