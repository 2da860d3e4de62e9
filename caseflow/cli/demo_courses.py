"""The courses a case of the demo may take, flow by flow: the straight road first, then every side road. Pure.

A route names its steps in order, each as `action[=variant][:role]@tenths[+days]`: at so many tenths of the course's
span, and so many working days after that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Final

from caseflow.rules.item import Item, Required


@dataclass(frozen=True, slots=True)
class Days:
    """The limits of an item in working days; a 即办件 has 0."""

    promised: int
    statutory: int


Length = Callable[[Days, int, Random], int]
"""Working days for an item with these limits, given the length of the course so far (0 while its span is asked for)."""


class Brings(Enum):
    """What the applicant brings: all of it; a part; all but what may follow; a signed promise for one line."""

    COMPLETE = auto()
    SPOILED = auto()
    DEFERRED = auto()
    PROMISED = auto()


def _any_item(_item: Item) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Course:
    """How a case goes: it began `age` working days ago, and `span` is what the tenths of its route divide.

    `large` takes the payment above the threshold, `today` puts it on the very day, working day or not, `mistaken`
    registers it under another item first; `fits` says for which items the course makes sense.
    """

    route: str
    span: Length
    age: Length
    brings: Brings = Brings.COMPLETE
    fits: Callable[[Item], bool] = _any_item
    large: bool = False
    today: bool = False
    mistaken: bool = False

    @property
    def usual(self) -> bool:
        """It ends in time with what was applied for, as most cases of an office do."""
        last, _, _ = self.route.split()[-1].partition("@")
        plain = self.brings is Brings.COMPLETE and not self.mistaken
        return plain and self.span in (NOW, IN_TIME) and last in _ENDS


def exactly(n: int) -> Length:
    """Always n working days."""
    return lambda _days, _length, _random: n


def between(least: int, most: int) -> Length:
    """Some number of working days."""
    return lambda _days, _length, random: random.randint(least, most)


def after(least: int, most: int) -> Length:
    """Some number of working days more than the course takes."""
    return lambda _days, length, random: length + random.randint(least, most)


def promised(plus: int) -> Length:
    """So many working days more (or fewer) than the promised limit."""
    return lambda days, _length, _random: max(0, days.promised + plus)


def statutory(plus: int) -> Length:
    """So many working days more than the statutory limit."""
    return lambda days, _length, _random: days.statutory + plus


def part(share: float) -> Length:
    """A share of the promised limit."""
    return lambda days, _length, _random: int(days.promised * share)


def in_time(days: Days, _length: int, random: Random) -> int:
    """Within the promised limit: from two fifths of it to the day before its last."""
    return random.randint(days.promised * 2 // 5, max(0, days.promised - 1))


def defers(item: Item) -> bool:
    """A line of the item may follow after acceptance."""
    return any(line.deferrable for line in item.materials)


def promises(item: Item) -> bool:
    """A line of the item may be met by a signed promise."""
    return item.commitment is not None


def has_two_lines(item: Item) -> bool:
    """One line can be found faulty after another was named."""
    return sum(line.required is Required.REQUIRED and not line.when for line in item.materials) > 1


def may_be_large(item: Item) -> bool:
    """Payments of the item may exceed the threshold."""
    return item.key not in ("contribution-subsidy", "prenatal-check-payment", "family-planning-payment")


def of_the_larger(item: Item) -> bool:
    """Of the bureau with many items, whose pages show the most."""
    return item.bureau == "shawan"


NOW, JUST_NOW, LATELY, SOME_TIME = exactly(0), after(0, 0), after(1, 4), after(1, 32)
IN_TIME: Final = in_time
_ENDS: Final = ("close_on_the_spot", "close", "pay", "rate=5", "rate=4")
NOTICE_OVER: Final = exactly(10)
"""Surely longer than the days for a notice, also where an item's reception begins days later."""

PROMISE_OVER: Final = exactly(50)
"""Surely more working days than two calendar months have."""

STAGE_OVER: Final = exactly(68)
"""Surely more working days than the three months of an assessment have, and fewer than its promise with 10 more."""

UNMET: Final = "register@0 supplement_notice@0"
GIVEN: Final = "register@0 accept@0 hand_over@1"
UNDER_REVIEW: Final = "register@0 accept@0 hand_over@0"
DEFERRED: Final = "register@0 accept_deferred@0 hand_over@0"
PASSED_AROUND: Final = (
    "register@0 correct@0 accept@0 hand_over=open@1 claim:reviewer@2 release:reviewer@2 assign=reviewer:supervisor@3"
)
OVERLOOKED: Final = (
    f"{UNMET} supplement@3 receive_material=fault@3 consent=second_notice:supervisor@4 supplement_notice@4"
)
TOO_LATE: Final = "register@0 consent=after_lapse:supervisor@10"
CORRECTED: Final = "consent=late_correction:supervisor@10+1 correct_late@10+1"
_CORRECTED_LATER: Final = CORRECTED.replace("+1", "+5")
BAD: Final = "rate=bad@10+1"
MENDED: Final = f"{BAD} call_back@10+2 rectify@10+4"
ORDERED: Final = f"{UNDER_REVIEW} order=remind@10"
DISCUSSED: Final = f"{UNDER_REVIEW} order=yellow@10 print_order@10 answer_order@10+1"
UNANSWERED: Final = after(4, 5)
"""Working days after a reminder by which its answer is late; a sweep then raises the order."""

_AT_WINDOW = (
    Course("register@0 decline@0", NOW, SOME_TIME),
    Course(f"{UNMET} terminate@10", exactly(16), LATELY, Brings.SPOILED),
    Course("register@0", NOW, exactly(7), Brings.SPOILED),
    Course(UNMET, NOW, exactly(17), Brings.SPOILED),
)
_SPOT: Final = "register@0 close_on_the_spot@0"

IMMEDIATE: Final = (
    Course(_SPOT, NOW, SOME_TIME),
    Course("register@0", NOW, NOW, today=True),
    Course("register@0 attach@0 close_on_the_spot@0 rate=5@0", NOW, SOME_TIME),
    Course(UNMET, NOW, between(1, 9), Brings.SPOILED),
    Course(f"{_SPOT} rate=5@0", NOW, SOME_TIME),
    Course(f"{UNMET} supplement@10 close_on_the_spot@10", between(2, 7), SOME_TIME, Brings.SPOILED),
    Course("register@0 accept@0", NOW, LATELY),
    Course(f"{_SPOT} rate=4@0", NOW, SOME_TIME),
    Course("register@0 withdraw@0", NOW, SOME_TIME),
    Course(_SPOT, NOW, NOW),
    Course("register@0 accept@0 close@10", exactly(1), SOME_TIME),
    *_AT_WINDOW,
    Course("register@0 accept@0 close@0", NOW, SOME_TIME),
    Course(f"{_SPOT} {BAD}", NOW, JUST_NOW),
    Course(_SPOT, NOW, between(3, 25), Brings.PROMISED, promises),
    Course("register@0 receive_material@0 close_on_the_spot@0 rate=4@0", NOW, SOME_TIME, Brings.SPOILED),
    Course("register@0 carry@0 close_on_the_spot@0", NOW, SOME_TIME, mistaken=True),
    Course(_SPOT, NOW, PROMISE_OVER, Brings.PROMISED, promises),
    Course(f"{_SPOT} {MENDED}", NOW, LATELY),
    Course(f"{OVERLOOKED} supplement@6 close_on_the_spot@6", exactly(12), LATELY, Brings.SPOILED, has_two_lines),
    Course(f"{_SPOT} serve@0+1 {CORRECTED}", NOW, LATELY),
    Course(f"{_SPOT} keep_commitment@10", exactly(20), LATELY, Brings.PROMISED, promises),
    Course(f"{TOO_LATE} supplement_notice@10", NOTICE_OVER, LATELY, Brings.SPOILED),
    Course("register@0 correct@0 release@0 claim@0 attach@0 detach@0 accept@0 close@0", NOW, SOME_TIME),
    Course(f"{_SPOT} break_commitment@10", PROMISE_OVER, LATELY, Brings.PROMISED, promises),
    Course("register@0 accept@0 suspend:clerk@0 resume:clerk@10 close@10", exactly(4), SOME_TIME),
    Course("register@0 assign=clerk:supervisor@0 close_on_the_spot@0 rate=5@0+1", NOW, SOME_TIME),
    Course(f"{_SPOT} {BAD}", NOW, after(3, 5)),
    Course("register@0 accept@0 order=counter@10 answer_order@10+1 close@10+1", exactly(1), SOME_TIME),
    Course(f"{_SPOT} {BAD} order=complaint@10+2", NOW, after(0, 1)),
)

STANDARD: Final = (
    Course(UNDER_REVIEW, NOW, part(0.3)),
    Course(f"{GIVEN} approve@8 close@10 rate=5@10+1", IN_TIME, SOME_TIME),
    Course(UNMET, NOW, between(1, 9), Brings.SPOILED),
    Course(UNDER_REVIEW, NOW, promised(1)),
    Course(f"{GIVEN} suspend@10", part(0.4), LATELY),
    Course(f"{GIVEN} approve@10", promised(-2), exactly(1)),
    Course(f"{GIVEN} refuse@10 serve@10+1 {CORRECTED}", IN_TIME, SOME_TIME),
    Course(UNDER_REVIEW, NOW, promised(0)),
    Course("register@0 accept@0", NOW, part(0.2)),
    Course(DEFERRED, NOW, exactly(1), Brings.DEFERRED, defers),
    Course(UNDER_REVIEW, NOW, promised(-1)),
    Course(f"{UNDER_REVIEW} order=red@10", statutory(1), after(2, 3)),
    Course(f"{GIVEN} suspend@3 resume@5 approve@9 close@10", IN_TIME, SOME_TIME),
    Course("register@0", NOW, NOW),
    Course(f"{GIVEN} send_back@4 hand_over@5 approve@8 close@10", IN_TIME, SOME_TIME),
    Course(f"{GIVEN} withdraw@6", IN_TIME, SOME_TIME),
    Course(f"{GIVEN} approve@8 close@10 {BAD}", promised(1), SOME_TIME),
    Course(
        f"{UNMET} supplement@3 accept@3 hand_over@4 approve@9 close@10 rate=4@10+1",
        IN_TIME,
        SOME_TIME,
        Brings.SPOILED,
    ),
    Course(
        f"{DEFERRED} receive_deferred@2 approve@8 close@10 rate=5@10+2", IN_TIME, SOME_TIME, Brings.DEFERRED, defers
    ),
    Course(f"{GIVEN} suspend@10", part(0.3), after(12, 18)),
    Course(f"{PASSED_AROUND} approve@8 close@10 serve@10+1 {MENDED}", IN_TIME, SOME_TIME),
    Course(
        f"{GIVEN} ask_extension:reviewer@3 reject_extension:supervisor@4 approve@9 close@10 {CORRECTED}",
        IN_TIME,
        SOME_TIME,
    ),
    Course(f"{GIVEN} ask_extension:reviewer@9 grant_extension:supervisor@10", part(0.7), JUST_NOW),
    *_AT_WINDOW,
    Course(f"{OVERLOOKED} supplement@6 accept@6 hand_over@7", exactly(12), LATELY, Brings.SPOILED, has_two_lines),
    Course(f"{UNDER_REVIEW} ask_extension:reviewer@10", part(0.4), after(0, 2)),
    Course(f"{DEFERRED} terminate=deferral:reviewer@10", exactly(8), LATELY, Brings.DEFERRED, defers),
    Course(f"{TOO_LATE} supplement_notice@10", NOTICE_OVER, LATELY, Brings.SPOILED),
    Course(f"{GIVEN} suspend@2 resume@4 suspend=included@5 resume@6 suspend@7", promised(-3), after(0, 2)),
    Course("register@0 attach@0 receive_material@0 accept@0 hand_over@0", NOW, part(0.4), Brings.SPOILED),
    Course(DEFERRED, NOW, exactly(8), Brings.DEFERRED, defers),
)

_CHECKED = f"{GIVEN} approve@4 check@6"
_LONGER = "ask_extension:reviewer@2 grant_extension:supervisor@3"
_PAID = f"{GIVEN} approve@5 check@7 settle_statement@9 pay@10"
_PAID_AT_LAST: Final = "approve@10+4 check@10+5 settle_statement@10+5 pay@10+6"
PAYMENT: Final = (
    Course(UNDER_REVIEW, NOW, part(0.3)),
    Course(_PAID, IN_TIME, SOME_TIME),
    Course(f"{GIVEN} approve@10", part(0.5), NOW),
    Course(f"{GIVEN} approve@6 check@10", part(0.6), NOW, fits=may_be_large, large=True),
    Course(f"{GIVEN} approve@6 check@8 settle_statement@10", part(0.8), NOW),
    Course(UNDER_REVIEW, NOW, promised(1)),
    Course(f"{UNDER_REVIEW} order=red@10", statutory(2), JUST_NOW),
    Course(UNMET, NOW, between(1, 9), Brings.SPOILED),
    Course(f"{GIVEN} suspend@10", part(0.4), LATELY),
    Course(f"{GIVEN} refuse@10", IN_TIME, SOME_TIME),
    Course(f"{GIVEN} approve@10", part(0.7), statutory(2)),
    Course(UNDER_REVIEW, NOW, promised(0)),
    Course(UNDER_REVIEW, NOW, promised(-1)),
    Course(f"{GIVEN} approve@6 check@10", part(0.7), NOW),
    Course(f"{_PAID} return_payment@10+1 pay_again@10+3", IN_TIME, SOME_TIME),
    Course("register@0", NOW, NOW),
    Course("register@0 accept@0", NOW, part(0.2)),
    Course(
        f"{_CHECKED} authorise@7 settle_statement@9 pay@10 rate=5@10+2",
        IN_TIME,
        SOME_TIME,
        fits=may_be_large,
        large=True,
    ),
    Course(f"{_PAID} {BAD}", promised(1), SOME_TIME),
    Course(f"{GIVEN} approve@5 refuse:checker@10 serve@10+1", IN_TIME, SOME_TIME),
    Course(f"{GIVEN} approve@4 send_back:checker@5 approve@7 check@8 settle_statement@9 pay@10", IN_TIME, SOME_TIME),
    Course(
        f"{UNMET} supplement@3 accept@3 hand_over@4 approve@7 check@8 settle_statement@9 pay@10",
        IN_TIME,
        SOME_TIME,
        Brings.SPOILED,
    ),
    Course(f"{_PAID} return_payment@10+1", IN_TIME, after(0, 2)),
    Course(
        f"{GIVEN} approve@3 suspend:checker@4 resume:checker@5 check@7 settle_statement@8 pay@10", IN_TIME, SOME_TIME
    ),
    Course(f"{GIVEN} withdraw@8", part(0.5), SOME_TIME),
    Course(f"{GIVEN} {_LONGER} approve@5 check@7 settle_statement@9 pay@10", part(0.6), SOME_TIME),
    Course(_PAID, statutory(1), LATELY),
    *_AT_WINDOW,
    Course(DEFERRED, NOW, between(1, 2), Brings.DEFERRED, defers),
    Course(
        f"{DEFERRED} receive_deferred@2 approve@4 check@6 settle_statement@9 pay@10 rate=4@10+1",
        IN_TIME,
        SOME_TIME,
        Brings.DEFERRED,
        defers,
    ),
    Course(
        f"{PASSED_AROUND} approve@5 check@7 settle_statement@9 pay@10 serve@10+1 {MENDED} {_CORRECTED_LATER}",
        IN_TIME,
        SOME_TIME,
    ),
    Course(
        f"{GIVEN} ask_extension:reviewer@3 reject_extension:supervisor@4 approve@7 check@10", promised(-2), after(0, 1)
    ),
    Course(f"{OVERLOOKED} supplement@6 accept@6 hand_over@7", exactly(12), LATELY, Brings.SPOILED, has_two_lines),
    Course(f"{TOO_LATE} decline@10", NOTICE_OVER, SOME_TIME, Brings.SPOILED),
    Course(f"{DEFERRED} terminate=deferral:reviewer@10", exactly(8), LATELY, Brings.DEFERRED, defers),
    Course(f"{GIVEN} suspend=included@10", part(0.2), after(12, 15)),
    Course("register@0 attach@0 receive_material@0 attach@0 accept@0 hand_over@0", NOW, part(0.3), Brings.SPOILED),
    Course(f"{_PAID} return_payment@10+1", IN_TIME, after(7, 9)),
    Course(DEFERRED, NOW, exactly(8), Brings.DEFERRED, defers),
    Course(DISCUSSED, promised(1), after(0, 1), fits=of_the_larger),
    Course(ORDERED, promised(1), UNANSWERED, fits=of_the_larger),
    Course(ORDERED, promised(1), after(0, 2)),
    Course(f"{DISCUSSED} return_order@10+2", promised(1), after(0, 1)),
    Course(
        f"{DISCUSSED} return_order@10+2 answer_order=again@10+3 accept_order@10+4 print_order@10+4 {_PAID_AT_LAST}",
        promised(1),
        SOME_TIME,
        fits=of_the_larger,
    ),
    Course(f"{ORDERED} withdraw_order@10+1", promised(1), LATELY, fits=of_the_larger),
    Course(f"{ORDERED} assign=reviewer:supervisor@10+1 answer_order@10+2", promised(1), after(0, 1)),
    Course(f"{ORDERED} {_PAID_AT_LAST}", promised(1), SOME_TIME),
    Course(
        "register@0 accept@0 hand_over=open@0 order=waiting@10 answer_order@10 claim:reviewer@10 accept_order@10+1",
        exactly(2),
        JUST_NOW,
    ),
)

_ASSESSED = f"{GIVEN} assess@4"
DESIGNATION: Final = (
    Course(GIVEN, exactly(5), between(2, 20)),
    Course(f"{_ASSESSED} publicise@6 negotiate@8 sign@10", part(0.8), LATELY),
    Course(_ASSESSED, part(0.6), LATELY),
    Course(f"{_ASSESSED} publicise@10", part(0.6), LATELY),
    Course(f"{_ASSESSED} publicise@6 negotiate@10", part(0.8), LATELY),
    Course(f"{_ASSESSED} publicise@6 break_off@10", part(0.7), LATELY),
    Course(f"{GIVEN} refuse@10 serve@10+1 {_CORRECTED_LATER}", part(0.5), LATELY),
    Course(f"{GIVEN} suspend@10", part(0.3), LATELY),
    Course(UNMET, NOW, between(1, 9), Brings.SPOILED),
    Course(
        f"{UNDER_REVIEW} ask_extension=long:reviewer@1 grant_extension:supervisor@2 order=stage@10", STAGE_OVER, NOW
    ),
    Course(
        f"{DEFERRED} receive_deferred@1 assess@4 publicise@6 negotiate@8 sign@10 {MENDED}",
        part(0.7),
        LATELY,
        Brings.DEFERRED,
        defers,
    ),
    Course(
        f"{PASSED_AROUND} suspend@4 resume@6 ask_extension:reviewer@7 reject_extension:supervisor@8 assess@10",
        part(0.6),
        LATELY,
    ),
    Course(f"{TOO_LATE} decline@10", NOTICE_OVER, SOME_TIME, Brings.SPOILED),
    Course(f"{OVERLOOKED} terminate@10", exactly(30), LATELY, Brings.SPOILED, has_two_lines),
    Course(f"{_ASSESSED} send_back:reviewer@6 withdraw@10", part(0.4), LATELY),
    Course("register@0 receive_material@0 accept@0 hand_over@0", NOW, part(0.1), Brings.SPOILED),
)

COURSES: Final[Mapping[str, tuple[Course, ...]]] = {
    "immediate": IMMEDIATE,
    "standard": STANDARD,
    "payment": PAYMENT,
    "designation": DESIGNATION,
}
