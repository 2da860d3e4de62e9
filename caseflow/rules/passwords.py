"""What a password must be, by profile. What a standard prints and what is practice stands apart in `PROFILES`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from caseflow.errors import Fault

LONGEST: Final = 128
"""Characters; a longer text is refused before it is hashed."""

_CLASSES: Final = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"), re.compile(r"[^a-zA-Z0-9]"))
_CLASS_WORDS: Final = "大写字母、小写字母、数字、其他符号"
_ENDS: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_FEWEST_DIFFERENT: Final = 5
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "9876543210", "qwertyuiopasdfghjklzxcvbnm")

HOUSE_WORDS: Final = frozenset(
    {"admin", "administrator", "guanliyuan", "caseflow", "password", "mima", "wodemima", "denglu", "woaini", "qwerty"}
    | {"yibao", "yibaoju", "ylbz", "yiliaobaozhang", "xinjiang", "wulumuqi", "urumqi", "shawan", "shuimogou"}
)
"""Words of this house and field that make no password, whatever digits and signs stand around them (ASVS 6.1.2)."""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What is asked of a password. `days` after which it must be changed and `past` ones not used again; 0 is never."""

    key: str
    least: int
    classes: int = 0
    days: int = 0
    past: int = 1

    @property
    def words(self) -> str:
        """The rule as the form says it."""
        kinds = f"，至少含{_CLASS_WORDS}中的 {self.classes} 种" if self.classes else ""
        age = f"，每 {self.days} 日更换，不得与最近 {self.past} 次相同" if self.days else ""
        return f"至少 {self.least} 个字符{kinds}，不能包含工号，不能是常见密码{age}"


PROFILES: Final[Mapping[str, PasswordPolicy]] = {
    # OWASP ASVS 5.0, 6.2: at least 8 characters (6.2.1, which recommends 15), 64 and more allowed (6.2.9), no rule of
    # composition (6.2.5), no periodic change (6.2.10), checked against common passwords (6.2.4). Ten is our choice.
    "asvs": PasswordPolicy("asvs", least=10),
    # GB/T 22239-2019, 8.1.4.1 a) prints 身份鉴别信息具有复杂度要求并定期更换 and no figure; these are practice.
    "gb22239": PasswordPolicy("gb22239", least=10, classes=3, days=90, past=5),
}


def password_faults(password: str, number: str, policy: PasswordPolicy, common: Collection[str]) -> list[Fault]:
    """What is wrong with a new password for this account; `common` is in lower case."""
    if not policy.least <= len(password) <= LONGEST:
        return [Fault("密码", f"应为 {policy.least} 至 {LONGEST} 个字符")]
    if sum(bool(kind.search(password)) for kind in _CLASSES) < policy.classes:
        return [Fault("密码", f"应含{_CLASS_WORDS}中的至少 {policy.classes} 种")]
    if number and number.lower() in password.lower():
        return [Fault("密码", "过于简单：不能包含工号")]
    if is_common(password, common):
        return [Fault("密码", "过于简单：是常见密码，或由常见的词、顺序、重复的字符组成")]
    return []


def is_common(password: str, common: Collection[str]) -> bool:
    """Whether many would try it: a common password or word with digits and signs around it, a run, a repetition."""
    lower = password.lower()
    core = _ENDS.sub("", lower)
    if lower in common or core in HOUSE_WORDS or core in common:
        return True
    return len(set(lower)) < _FEWEST_DIFFERENT or bool(_MOBILE.fullmatch(password)) or _is_run(lower)


def _is_run(lower: str) -> bool:
    """Letters or digits in the order of the alphabet or the keyboard, and nothing else."""
    return any(lower in run * (len(lower) // len(run) + 2) for run in _RUNS)
