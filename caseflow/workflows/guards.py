"""The conditions of the flows: each returns the reason why not, or None."""

from __future__ import annotations

from caseflow.errors import Refusal
from caseflow.rules.flow import Facts, State, not_handled

DUTIES = ("accept", "review", "check", "authorise", "pay")
DUTY_TEXT = {"accept": "受理", "review": "审核", "check": "复核", "authorise": "审批", "pay": "拨付"}


def separate_duties(here: State, facts: Facts) -> Refusal | None:
    """Who accepts does not review, check, authorise or pay the same case; in a small bureau only neighbours differ."""
    others = [duty for duty in DUTIES if duty != here.duty and facts.acts.get(duty)]
    if facts.duties == "small":
        others = _neighbours(here.duty, others)
    done = [DUTY_TEXT[duty] for duty in others if facts.actor in facts.acts[duty]]
    if not done:
        return None
    return Refusal("duties", f"您已办理本件的{'、'.join(done)}，不能再办理{DUTY_TEXT[here.duty]}", "岗位分离")


def _neighbours(duty: str, performed: list[str]) -> list[str]:
    place = DUTIES.index(duty)
    before = [other for other in performed if DUTIES.index(other) < place]
    after = [other for other in performed if DUTIES.index(other) > place]
    return before[-1:] + after[:1]


def materials_complete(_here: State, facts: Facts) -> Refusal | None:
    """Every line that applies is met and every question that decides a line is answered."""
    checklist = facts.checklist
    if checklist is None or checklist.complete:
        return None
    return Refusal("incomplete", f"材料不齐全：{checklist.missing_words()}", "行政许可法第三十二条")


def something_unmet(_here: State, facts: Facts) -> Refusal | None:
    """A one-time notice needs something to name."""
    checklist = facts.checklist
    if checklist is None or checklist.unmet:
        return None
    return Refusal("nothing_unmet", "没有缺少或不符的材料，不需要一次性告知")


def questions_answered(_here: State, facts: Facts) -> Refusal | None:
    """Once means once: a notice waits until every question that decides a line is answered."""
    checklist = facts.checklist
    if checklist is None or not checklist.questions:
        return None
    asked = "、".join(f"“{question.question}”" for question in checklist.questions)
    return Refusal("open_questions", f"先回答{asked}，才能一次告知全部内容", "行政许可法第三十二条")


def unclaimed(_here: State, facts: Facts) -> Refusal | None:
    """Only a case that nobody holds, or somebody away, can be claimed, by those who handle its item or stand in."""
    if facts.holder is None:
        return not_handled(facts)
    if facts.handler == facts.actor:
        return Refusal("own_case", "本件已由您经办")
    return Refusal("others_case", f"本件已由{facts.handler_name or '他人'}经办")


def held_by_actor(_here: State, facts: Facts) -> Refusal | None:
    """Only who holds a case can give it back."""
    if facts.handler == facts.actor:
        return None
    return Refusal("not_held", "本件不由您经办，不能释放")


def some_deferred(_here: State, facts: Facts) -> Refusal | None:
    """容缺受理 needs a line to defer and every other line met."""
    checklist = facts.checklist
    if checklist is None:
        return None
    if not checklist.acceptable:
        return Refusal("incomplete", f"除容缺材料外还不齐全：{checklist.missing_words()}", "行政许可法第三十二条")
    return None if checklist.deferred else Refusal("nothing_deferred", "没有标为容缺的材料，直接受理即可")


def word_kept(_here: State, facts: Facts) -> Refusal | None:
    """An applicant who broke a commitment is not granted another."""
    return Refusal("broken", f"申请人有未履行承诺的记录（{facts.broken}），不适用容缺受理") if facts.broken else None


def nothing_deferred(_here: State, facts: Facts) -> Refusal | None:
    """A case is not completed while a deferred line is open."""
    checklist = facts.checklist
    if checklist is None or not checklist.deferred:
        return None
    names = "、".join(f"“{line.material.name}”" for line in checklist.deferred)
    return Refusal("deferred_open", f"容缺材料{names}还没有补齐，不能办结")


def deferral_open(_here: State, facts: Facts) -> Refusal | None:
    """There is something deferred to hand in."""
    return None if "deferral" in facts.running else Refusal("nothing_deferred", "本件没有待补的容缺材料")


def nothing_overlooked(_here: State, facts: Facts) -> Refusal | None:
    """Once means once: what the last notice could have named needs a supervisor's reason now."""
    if not facts.overlooked or "second_notice" in facts.consents:
        return None
    names = "、".join(f"“{name}”" for name in facts.overlooked)
    return Refusal(
        "second_notice", f"{names}上次告知时就可以指出，再次告知须主管同意并说明理由", "行政许可法第三十二条"
    )


def notice_in_time(_here: State, facts: Facts) -> Refusal | None:
    """After the notice clock lapsed the application counts as accepted; anything else needs a supervisor's reason."""
    if not facts.lapsed("notice") or "after_lapse" in facts.consents:
        return None
    return Refusal(
        "after_lapse", "逾期未告知，视为受理；告知或不予受理须主管同意并说明理由", "行政许可法第三十二条第四项"
    )


def before_the_limit(_here: State, facts: Facts) -> Refusal | None:
    """More time is asked for and granted while the promise still holds."""
    return Refusal("limit_passed", "时限已过，不能再延期", "行政许可法第四十二条") if facts.late else None


def not_yet_extended(_here: State, facts: Facts) -> Refusal | None:
    """One extension a case, one request at a time."""
    if facts.extension is None or facts.extension.outcome == "rejected":
        return None
    words = "已延期一次，不能再延" if facts.extension.outcome == "granted" else "延期申请正在等主管决定"
    return Refusal("extended", words, "行政许可法第四十二条")


def extension_asked(_here: State, facts: Facts) -> Refusal | None:
    """There is a request to decide."""
    asked = facts.extension is not None and facts.extension.outcome == "asked"
    return None if asked else Refusal("not_asked", "没有等待决定的延期申请")


def not_own_request(_here: State, facts: Facts) -> Refusal | None:
    """Nobody decides on an own request, nor on an own case."""
    own = facts.own or (facts.extension is not None and facts.extension.asker == facts.actor)
    return Refusal("own_request", "不能决定自己经办的办件的延期", "岗位分离") if own else None


def not_own_case(_here: State, facts: Facts) -> Refusal | None:
    """Nobody consents to what happens to an own case."""
    return Refusal("own_case", "自己经办的办件，须由其他主管同意", "岗位分离") if facts.own else None


def commitment_open(_here: State, facts: Facts) -> Refusal | None:
    """A commitment is still to be kept."""
    return None if "commitment" in facts.running else Refusal("no_commitment", "本件没有待履行的承诺")


def commitment_lapsed(_here: State, facts: Facts) -> Refusal | None:
    """A commitment is broken only after its last day."""
    if facts.lapsed("commitment"):
        return None
    return Refusal("commitment_runs", "承诺的期限还没有过，不能登记为未履行")


def paid_and_not_returned(_here: State, facts: Facts) -> Refusal | None:
    """Only a payment that was made can come back."""
    if facts.paid and not facts.returned:
        return None
    return Refusal("nothing_to_return", "没有可退回的拨付")


def returned(_here: State, facts: Facts) -> Refusal | None:
    """A second payment needs the first to have come back."""
    return None if facts.returned else Refusal("not_returned", "款项没有退回，不能再次拨付")


def late_correction_consented(_here: State, facts: Facts) -> Refusal | None:
    """After the decision a correction needs a supervisor's consent."""
    if "late_correction" in facts.consents:
        return None
    return Refusal("late_correction", "决定作出后更正须主管同意并说明理由")


def call_back_due(_here: State, facts: Facts) -> Refusal | None:
    """A bad grade waits for a call."""
    return None if "call_back" in facts.running else Refusal("not_due", "本件没有待办的差评回访")


def rectify_due(_here: State, facts: Facts) -> Refusal | None:
    """A bad grade waits to be put right, after the call."""
    if "rectify" not in facts.running:
        return Refusal("not_due", "本件没有待办的差评整改")
    return Refusal("call_back_first", "请先回访申请人，再登记整改") if "call_back" in facts.running else None
