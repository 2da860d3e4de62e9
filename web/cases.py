"""办件页: the case, what may be done with it and why the rest may not; corrections, full numbers and papers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from caseflow.desk.correcting import correct
from caseflow.desk.drafts import drop_draft
from caseflow.desk.handling import advance, reveal
from caseflow.desk.issuing import mark_printed
from caseflow.errors import BadInput, CaseChanged, CaseflowError, Fault, NotFound, Refused
from caseflow.house import beijing_day
from caseflow.papers import PAPERS, glyphs, render
from caseflow.papers.pdf import render_pdf
from caseflow.rules.checklist import Receipt
from caseflow.rules.item import Item
from caseflow.store.db import reading, writing
from caseflow.views.casefile import CaseFile, load_case, load_paper
from caseflow.views.foreseen import FORESEEN, foresee
from caseflow.views.office import receivers
from web import intake_form as forms
from web.case_page import action_views, counter_decisions, preselected_at_counter, primary
from web.clock import now, today
from web.decisions import PHRASES, details_of, need_faults
from web.drafts import case_form, correction_form, kept_on, restored
from web.errors import status_of
from web.forms import by_field, is_printable
from web.frame import clock_time
from web.gate import allow, current_actor, db_engine, house
from web.intake_form import Draft
from web.once import once

pages = Blueprint("cases", __name__)
pages.add_app_template_filter(beijing_day, "beijing")

SUPPLEMENT = "supplement"
CONFIRM = "请看新的到期日，无误再提交一次："
AT_THE_COUNTER = ("received", "supplementing")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the case page shows beside the case: a refused form with its entries, or a revealed number."""

    typed: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    title: str = ""
    doing: str = ""
    revealed: Mapping[int, str] = field(default_factory=dict)
    confirming: str = ""
    status: int = 200
    resumed: str = ""


@pages.get("/cases/<number>")
@allow("see_cases")
def show(number: str) -> Response:
    """The case, with what one was writing on it; `?do=` opens the form of one action."""
    file = _load(number)
    doing = request.args.get("do", "")
    written = kept_on(case_form(number), file.case.record.version)
    if written is None:
        return _page(number, Shown(doing=doing), file)
    doing = doing or written.typed.get("action", "")
    return _page(number, Shown(written.typed, doing=doing, resumed=clock_time(written.saved_at)), file)


@pages.post("/cases/<number>/reveal")
@allow("see_cases")
def show_number(number: str) -> Response:
    """The full number of one person, in this answer only; the look is recorded with its reason."""
    typed = forms.read_draft(request.form).typed
    person = _whole(typed.get("person", ""))
    try:
        with writing(db_engine()) as session:
            full = reveal(session, house(), current_actor(), person, typed.get("reveal_reason", ""), now())
    except BadInput as error:
        told = tuple(Fault("reveal_reason", fault.text) for fault in error.faults)
        return _page(number, Shown(typed, told, "没有显示号码：", status=status_of(error)))
    return _page(number, Shown(revealed={person: full or "暂无证件号码"}))


@pages.post("/cases/<number>/<action>")
@allow("act_on_cases")
def act(number: str, action: str) -> AnyResponse:
    """Take one step, with the marks of the materials where the form holds them; refused, it shows every reason."""
    draft = forms.read_draft(request.form)
    file = _load(number)
    if action == "decide":
        action = draft["decision"]
    foreseen = _foreseen(file, action, draft)
    if foreseen:
        return _page(number, Shown(draft.typed, (Fault("", foreseen),), CONFIRM, action, confirming=action))
    try:
        _take(file, action, draft)
    except (BadInput, Refused, CaseChanged) as error:
        return _refused(number, file.case.item, action, draft, error)
    flash(f"{_label(file, action)}：已办理。", "good")
    return redirect(url_for("cases.show", number=number), 303)


def _foreseen(file: CaseFile, action: str, draft: Draft) -> str:
    """What a step would do to the due dates, said once before it is taken; nothing where that was confirmed."""
    days = details_of(draft.typed, action).get("days", "")
    if action not in FORESEEN or draft["confirmed"] == "on" or (action != "grant_extension" and not days.isdecimal()):
        return ""
    with reading(db_engine()) as session:
        return foresee(session, house(), file.case, action, int(days or 0), today())


def _take(file: CaseFile, action: str, draft: Draft) -> None:
    """One step, or 收到补正材料 and the decision after it, in one transaction."""
    item, case_id = file.case.item, file.case.record.id
    version = _whole(draft["version"])
    if not action:
        raise BadInput([Fault("decision", "请选择决定")])
    receipts = _receipts(item, draft)
    answers = draft.answers or None

    def step(session: Any) -> None:
        first, _, then = action.partition("+")
        taken = advance(
            session,
            house(),
            current_actor(),
            case_id,
            version,
            first,
            details_of(draft.typed, first),
            now(),
            receipts,
            answers,
        )
        if then:
            details = details_of(draft.typed, then)
            advance(session, house(), current_actor(), case_id, taken.version, then, details, now())
        drop_draft(session, current_actor(), case_form(file.case.record.number))

    once(step)


def _receipts(item: Item, draft: Draft) -> dict[str, Receipt] | None:
    """The marks of the material rows on the form; None where the form has none."""
    if not draft.under("m."):
        return None
    ticked = {line.key for line in item.materials if draft[f"m.{line.key}.mark"]}
    return {key: receipt for key, receipt in forms.receipts_of(item, draft).items() if key in ticked}


def _refused(number: str, item: Item, action: str, draft: Draft, error: CaseflowError) -> Response:
    last = action.rpartition("+")[2]
    faults = tuple(forms.placed(item, need_faults(last, error)))
    title = "本件已有变化，没有保存：" if isinstance(error, CaseChanged) else "没有办理："
    return _page(number, Shown(draft.typed, faults, title, action, status=status_of(error)))


@pages.get("/cases/<number>/correct")
@allow("see_cases")
def correct_form(number: str) -> str:
    """更正: the entries that may be mended, each beside what stands now."""
    file = _load(number)
    written = kept_on(correction_form(number), file.case.record.version)
    if written is None:
        return _correct_page(file, {}, ())
    flash(restored(written), "good")
    return _correct_page(file, written.typed, ())


@pages.post("/cases/<number>/correct")
@allow("act_on_cases")
def send_correction(number: str) -> AnyResponse:
    """Write the correction; an entry left empty stays as it is."""
    draft = forms.read_draft(request.form)
    file = _load(number)
    item, case_id, version = file.case.item, file.case.record.id, _whole(draft["version"])

    def mend(session: Any) -> None:
        changes, reason = draft.under("change."), draft["reason"]
        correct(session, house(), current_actor(), case_id, version, changes, reason, now())
        drop_draft(session, current_actor(), correction_form(number))

    try:
        once(mend)
    except (BadInput, Refused, CaseChanged) as error:
        faults = _correction_faults(item, error)
        return make_response(_correct_page(_load(number), draft.typed, faults), status_of(error))
    flash("更正：已办理，旧值和新值已记入办理过程。", "good")
    return redirect(url_for("cases.show", number=number), 303)


def _correction_faults(item: Item, error: CaseflowError) -> tuple[Fault, ...]:
    """The faults, each at its input: the reason's own, or `change.<key>`."""
    placed = forms.placed(item, need_faults("correct", error))
    return tuple(Fault(_correction_input(fault.place), fault.text) for fault in placed)


def _correction_input(place: str) -> str:
    if place.startswith("need."):
        return place.rpartition(".")[2]
    return f"change.{'field.' + place[2:] if place.startswith('f.') else place}" if place else ""


def _correct_page(file: CaseFile, typed: Mapping[str, str], faults: tuple[Fault, ...]) -> str:
    return render_template(
        "case/correct.html",
        file=file,
        typed=forms.Typed(typed),
        faults=by_field(faults),
        reasons=[(fault.place, fault.text) for fault in faults],
        id_kinds=forms.ID_KINDS,
    )


@pages.get("/papers/<int:paper_id>")
@allow("see_cases")
def show_paper(paper_id: int) -> str:
    """A look at a paper, marked as a preview: nothing is recorded."""
    with reading(db_engine()) as session:
        paper = load_paper(session, current_actor(), paper_id)
    warning = glyphs.warning(paper.fields)
    return render(paper.kind, paper.fields, reprint=paper.printed, voided=paper.voided, preview=True, warning=warning)


@pages.post("/papers/<int:paper_id>/pdf")
@allow("act_on_cases")
def paper_pdf(paper_id: int) -> Response:
    """The paper as a PDF; it counts as a print. Refused where a character of it cannot be drawn."""
    style = (Path(current_app.root_path) / "static" / "paper.css").read_text(encoding="utf-8")
    with writing(db_engine()) as session:
        before = mark_printed(session, current_actor(), paper_id)
        paper = load_paper(session, current_actor(), paper_id)
        drawn = render_pdf(render(paper.kind, paper.fields, reprint=before, voided=paper.voided), style)
    response = make_response(drawn)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="paper-{paper_id}.pdf"'
    return response


@pages.post("/papers/<int:paper_id>")
@allow("act_on_cases")
def print_paper(paper_id: int) -> str:
    """The paper for printing; the print is counted, and a later one says so."""
    with writing(db_engine()) as session:
        before = mark_printed(session, current_actor(), paper_id)
        paper = load_paper(session, current_actor(), paper_id)
    return render(paper.kind, paper.fields, reprint=before, voided=paper.voided, warning=glyphs.warning(paper.fields))


# --- the page --------------------------------------------------------------------------------------------------------


def _load(number: str) -> CaseFile:
    if not is_printable(number):
        raise NotFound("没有这个办件")
    with reading(db_engine()) as session:
        return load_case(session, house(), current_actor(), number, today())


def _page(number: str, shown: Shown, file: CaseFile | None = None) -> Response:
    file = file or _load(number)
    with reading(db_engine()) as session:
        members = receivers(session, current_actor().bureau, file.case.record.item_key, today())
    views = action_views(file, members)
    counter = counter_decisions(file, current_actor(), shown.typed) if file.case.state.key in AT_THE_COUNTER else []
    typed = forms.Typed({**forms.typed_marks(file.case.receipts), **shown.typed})
    if "decision" not in typed:
        typed["decision"] = preselected_at_counter(file, typed)
    context: dict[str, Any] = {
        "file": file,
        "views": views,
        "main": primary(views, shown.doing),
        "counter": counter,
        "typed": typed,
        "faults": by_field(shown.faults),
        "reasons": [(fault.place, fault.text) for fault in shown.faults],
        "refused_title": shown.title,
        "doing": shown.doing,
        "revealed": shown.revealed,
        "confirming": shown.confirming,
        "resumed": shown.resumed,
        "titles": {kind: paper.title for kind, paper in PAPERS.items()},
        "phrases": PHRASES,
        "usual_counts": forms.usual_counts,
    }
    return make_response(render_template("case/show.html", **context), shown.status)


def _label(file: CaseFile, action: str) -> str:
    last = action.rpartition("+")[2]
    known = file.case.flow.actions.get(last)
    return known.label if known else last


def _whole(text: str) -> int:
    """A version or a row's id; -1, which none has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1  # noqa: PLR2004 - fits a column
