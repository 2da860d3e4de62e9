"""What the demo's offices allow beyond what the real ones published: said to be the demo's wherever it is shown."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, Final

import tomli_w

from caseflow.catalogue import Catalogue

SOURCE: Final = "演示用设定，不是经办机构公布的规定"
LABEL: Final = "演示用设定"
_SERVE_DAYS: Final = 10

DEFERRABLE: Final[Mapping[tuple[str, str], str]] = {
    ("shawan", "outpatient-chronic-recognition"): "medical-records",
    ("shawan", "inpatient-reimbursement"): "discharge-record",
    ("shawan", "maternity-medical-payment"): "discharge-record",
    ("shawan", "medical-institution-designation"): "forecast-report",
}
"""Neither bureau published a line that may follow after acceptance: these lines may, in the demo."""

SERVED: Final = (("shawan", "medical-institution-designation"), ("shawan", "retail-pharmacy-designation"))
"""Nor when a result must be served (行政许可法第四十四条 knows ten days)."""


def demo_texts(catalogue: Catalogue) -> dict[tuple[str, str], str]:
    """The definitions the demo changes, by (bureau, key), as the text of their files."""
    return {place: _changed(catalogue, place) for place in dict.fromkeys((*DEFERRABLE, *SERVED))}


def _changed(catalogue: Catalogue, place: tuple[str, str]) -> str:
    told = tomllib.loads(catalogue.texts[place])
    said = [*_defer(told, DEFERRABLE.get(place)), *(_serve(told) if place in SERVED else ())]
    told.setdefault("published", {})[LABEL] = f"{'；'.join(said)}。{SOURCE}。"
    return tomli_w.dumps(told)


def _defer(told: dict[str, Any], key: str | None) -> list[str]:
    lines = [line for line in told["materials"] if line["key"] == key]
    for line in lines:
        line |= {"deferrable": True, "deferrable_source": SOURCE}
    return [f"“{line['name']}”可以容缺" for line in lines]


def _serve(told: dict[str, Any]) -> list[str]:
    told["limits"]["serve"] = _SERVE_DAYS
    return [f"办理结果{_SERVE_DAYS}个工作日内送达（参照行政许可法第四十四条）"]
