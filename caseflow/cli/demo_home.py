"""The folder beside a demo's database: its configuration with its key, its items, its attachments.

With it the demo opens again as it was left: `caseflow serve`, run in that folder.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tomli_w
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from caseflow.catalogue import load_catalogue
from caseflow.cli.demo_items import demo_texts
from caseflow.cli.init import write_private
from caseflow.cli.opening import fresh_settings
from caseflow.config import CONFIG_FILE, Settings, load_settings
from caseflow.errors import BadInput, Fault, Refusal, Refused, Unavailable

HEAD: Final = "# caseflow 演示环境的配置；再次运行 caseflow demo 时，连同这个文件夹一起重新生成。\n"
_ELSEWHERE: Final = Path("caseflow-demo")


@dataclass(frozen=True, slots=True)
class Home:
    """A demo's folder."""

    folder: Path

    @classmethod
    def beside(cls, url: str) -> Home:
        """The folder of the SQLite file's name; of another database, one in the present folder."""
        file = _file_of(_parsed(url))
        if file is None:
            return cls(_ELSEWHERE.resolve())
        return cls(file.with_suffix("") if file.suffix else file.with_name(f"{file.name}-demo"))

    def require_free(self) -> None:
        """Refused where something stands there that no demo made."""
        if self.folder.exists() and not self._is_demo():
            text = f"{self.folder} 已存在，但不是演示生成的文件夹，不会改动；请移走，或用 --db 换一个位置"
            raise Refused([Refusal("not_a_demo", text)])

    def settle(self, url: str) -> Settings:
        """Make the folder anew for this database and give its settings, with a key of its own."""
        self.require_free()
        texts = demo_texts(load_catalogue())
        parsed = _parsed(url)
        file = _file_of(parsed)
        where = parsed if file is None else parsed.set(database=str(file))
        kept = {
            "database_url": where.render_as_string(hide_password=False),
            "master_key": fresh_settings(url).master_key,
            "items_dir": "items",
            "files_dir": "files",
            "secure_cookies": False,
        }
        try:
            if self.folder.exists():
                shutil.rmtree(self.folder)
            for (bureau, key), text in texts.items():
                place = self.folder / "items" / bureau / f"{key}.toml"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Unavailable(f"无法写入 {self.folder}：{error.strerror}") from error
        write_private(self.folder / CONFIG_FILE, HEAD + tomli_w.dumps(kept))
        return load_settings({}, self.folder / CONFIG_FILE)

    def _is_demo(self) -> bool:
        try:
            return (self.folder / CONFIG_FILE).read_text(encoding="utf-8").startswith(HEAD)
        except (OSError, UnicodeDecodeError):
            return False


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        raise BadInput([Fault("--db", "不是数据库地址，应为 sqlite:///文件 或 postgresql://用户@主机/库名")]) from error


def _file_of(url: URL) -> Path | None:
    """The file of an SQLite address, as an absolute path."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).resolve()
