"""The keys in caseflow.toml: changed in place and as a whole, with every other line kept as it was written."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from caseflow.errors import BadInput, Fault

_PRIVATE: Final = stat.S_IRUSR | stat.S_IWUSR
_LINE: Final = re.compile(r"^(?:next_)?master_key[ \t]*=.*\n?", re.MULTILINE)


def write_keys(path: Path, keys: Mapping[str, str]) -> None:
    """Put these keys in place of those in the file, all at once; the file is readable by its owner only.

    BadInput where the file cannot be read or replaced, or is written in a way this cannot change; then nothing changed.
    """
    try:
        text = path.read_text(encoding="utf-8")
        changed = _with_keys(text, keys)
        if _read(changed) != _wanted(text, keys):
            raise BadInput([Fault(path.name, '密钥的写法不能自动修改，请写成单独一行：master_key = "…"')])
        replace_private(path, changed.encode())
    except OSError as error:
        raise BadInput([Fault(path.name, f"无法读写：{error.strerror}")]) from error


def replace_private(path: Path, content: bytes) -> None:
    """Put this content in place of a file's, whole and on disk when this returns; only the file's owner may read it."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            _keep_owner(path, file.fileno())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _with_keys(text: str, keys: Mapping[str, str]) -> str:
    lines = "".join(f'{name} = "{value}"\n' for name, value in keys.items())
    found = _LINE.search(text)
    if found is None:
        return lines + text
    rest = _LINE.sub("", text[found.end() :])
    return text[: found.start()] + lines + rest


def _read(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _wanted(text: str, keys: Mapping[str, str]) -> dict[str, object]:
    kept = {name: value for name, value in tomllib.loads(text).items() if name not in {"master_key", "next_master_key"}}
    return {**kept, **keys}


def _keep_owner(path: Path, handle: int) -> None:
    """Root changes the file of the account that runs the service: the file stays that account's."""
    if os.name == "posix" and os.geteuid() == 0 and path.exists():
        before = path.stat()
        os.fchown(handle, before.st_uid, before.st_gid)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
