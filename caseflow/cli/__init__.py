"""The command line. Each command's module is imported when it is called, so that `due` starts without a database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final

import click

from caseflow.errors import CaseflowError

COMMANDS: Final = (
    "init",
    "serve",
    "worker",
    "demo",
    "sync",
    "check",
    "items",
    "due",
    "calendar",
    "guide",
    "staff",
    "tick",
    "export",
    "doctor",
    "verify",
    "roles",
    "downgrade",
    "backup",
    "restore",
    "rotate-keys",
    "seal-files",
    "hold",
    "purge",
)
_REFUSED: Final = 2


class ChineseGroup(click.Group):
    """A group that names its commands when it is given another."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command called; UsageError with the commands there are."""
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            raise UnknownCommand(f"没有命令 {args[0][:60]}，可用的有 {'、'.join(self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)


class UnknownCommand(click.UsageError):
    """A command that is not there."""


class LazyGroup(ChineseGroup):
    """A group whose command NAME is the object of that name in caseflow.cli.NAME (- as _); it refuses in Chinese."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of an installation's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, imported now; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        found: click.Command = getattr(import_module(f"caseflow.cli.{name}"), name)
        return found

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]  # click's overloads
        """Run a command: what is refused ends with its sentence on stderr and status 2, never with a traceback."""
        extra["standalone_mode"] = False
        try:
            status = super().main(args, prog_name, **extra)
        except CaseflowError as error:
            _end(str(error))
        except click.ClickException as error:
            _end(usage_sentence(error))
        except click.Abort:
            _end("已中断。")
        sys.exit(status if isinstance(status, int) else 0)


def _end(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(_REFUSED)


def usage_sentence(error: click.ClickException) -> str:
    """What is wrong with the command line, in Chinese."""
    for kind, sentence in _SENTENCES:
        if isinstance(error, kind):
            return sentence(error)
    return f"命令行有误：{error.format_message()}"


def _parameter(error: click.BadParameter) -> str:
    hint = error.param.get_error_hint(error.ctx) if error.param is not None and error.ctx is not None else ""
    return str(error.param_hint or hint or "").strip("'")


def _missing(error: Any) -> str:
    return f"缺少：{_parameter(error)}"


def _bad_value(error: Any) -> str:
    return f"{_parameter(error)} 的值不能用：{error.message}"


def _no_option(error: Any) -> str:
    return f"没有选项 {error.option_name[:60]}"


_SENTENCES: Final[tuple[tuple[type[click.ClickException], Callable[[Any], str]], ...]] = (
    (click.MissingParameter, _missing),
    (click.BadParameter, _bad_value),
    (click.NoSuchOption, _no_option),
    (UnknownCommand, str),
)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="caseflow", message="caseflow %(version)s")
def main() -> None:
    """医疗保障经办窗口的办件系统：事项、材料、时限、文书、督办。"""  # noqa: D415 - read by people, in Chinese
