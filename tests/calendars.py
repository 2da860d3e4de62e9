"""The calendars the tests count with, built from the shipped layers once."""

from __future__ import annotations

from pathlib import Path

from caseflow.rules.calendar import WorkingCalendar, national_layer
from caseflow.rules.calendar_file import read_layer

XJ_FILE = Path(__file__).parent.parent / "caseflow" / "workflows" / "calendars" / "xj.toml"

NATIONAL = national_layer()
XINJIANG = read_layer(XJ_FILE.read_text(encoding="utf-8"), XJ_FILE.name)

CN = WorkingCalendar.build("cn", [NATIONAL], revision="test")
XJ = WorkingCalendar.build("xj", [NATIONAL, XINJIANG], revision="test")
CALENDARS = {"cn": CN, "xj": XJ}
