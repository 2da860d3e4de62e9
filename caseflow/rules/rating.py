"""好差评: the five grades, which of them are bad, and the ends that are rated (国办发〔2019〕51号)."""

from __future__ import annotations

from typing import Final

GRADES: Final = {5: "非常满意", 4: "满意", 3: "基本满意", 2: "不满意", 1: "非常不满意"}
BAD_GRADES: Final = frozenset({1, 2})
RATED_ENDS: Final = frozenset({"closed", "refused", "declined"})
"""A withdrawal or termination has no result to be rated."""
