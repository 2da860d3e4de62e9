"""The table of rights by itself: what it joins, what it keeps apart, and that nothing in it is idle."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from caseflow.rules.flow import HANDLING_ROLES, ROLES
from caseflow.rules.policy import RIGHTS, STAFF, holds
from web.gate import allow

SOURCES = [
    path.read_text(encoding="utf-8")
    for folder, pattern in (("web", "*.py"), ("web/templates", "**/*.html"), ("caseflow/desk", "*.py"))
    for path in (Path(__file__).parents[1] / folder).glob(pattern)
]
NAMED = re.compile(r"""(?:allow|may)\(\s*["'](\w+)["']|holds\([\w.]+,\s*["'](\w+)["']|BulkAction\("\w+",\s*"(\w+)\"""")
CHANGES = ("act_on_cases", "register", "supervise", "handle_cases", "hand_over")
KEEPS = ("keep_accounts", "keep_office", "keep_calendar")


def named() -> set[str]:
    """The rights that routes, buttons and desk checks ask for."""
    found = {name for text in SOURCES for match in NAMED.findall(text) for name in match if name}
    return found | {STAFF}


def test_every_right_is_asked_for_somewhere_and_every_right_asked_for_is_in_the_table() -> None:
    assert named() == set(RIGHTS)


def test_no_page_asks_for_a_role_where_the_table_should_be_asked() -> None:
    asked = re.compile(rf"""(?:allow|may)\(\*|["'](?:{"|".join(ROLES)})["'] (?:not )?in \w+\.roles""")

    assert [match.group() for text in SOURCES for match in asked.finditer(text)] == []


def test_a_right_that_is_not_in_the_table_opens_nothing() -> None:
    with pytest.raises(KeyError):
        allow("see_everything")
    with pytest.raises(KeyError):
        holds({"supervisor"}, "see_everything")


def test_who_reads_or_keeps_the_system_changes_no_case() -> None:
    for role, right in product(("auditor", "administrator", "security", "audit"), CHANGES):
        assert not holds({role}, right)


def test_who_handles_cases_keeps_nothing_and_reads_no_log() -> None:
    for role, right in product((*HANDLING_ROLES, "supervisor", "auditor"), (*KEEPS, "see_logs", "see_changes")):
        assert not holds({role}, right)


def test_the_three_administrators_are_kept_apart() -> None:
    held = {role: {right for right in (*KEEPS, "see_logs") if holds({role}, right)} for role in ROLES}

    assert held["administrator"] == {"keep_office", "keep_calendar"}
    assert held["security"] == {"keep_accounts"}
    assert held["audit"] == {"see_logs"}


def test_every_right_is_held_by_known_roles_and_told_in_words() -> None:
    for right in RIGHTS.values():
        assert right.roles
        assert right.roles <= set(ROLES)
        assert re.search(r"[一-鿿]", right.label)
    assert RIGHTS[STAFF].roles == set(ROLES)
