"""好差评: the five grades, which of them are bad, and the ends that are rated (国办发〔2019〕51号)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GRADES: Final = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
BAD_GRADES: Final = frozenset({1, 2})
RATED_ENDS: Final = frozenset({"closed", "refused", "declined"})
"""A withdrawal or termination has no result to be rated."""

FOLLOW_UP: Final[Mapping[str, int]] = {"call_back": 1, "rectify": 15, "repay": 5}
"""Working days where the bureau says nothing: 回访 and 整改 after a bad grade (国办发〔2019〕51号; the days are local),
and paying again after 退汇."""
MOST_FOLLOW_UP: Final = 60
"""The longest of them a bureau may set, in working days."""
