"""科室与窗口, 经办事项, 不在岗, 变更记录: the office of one bureau, kept by its system administrator."""

from __future__ import annotations

from dataclasses import dataclass
from re import ASCII, fullmatch

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from caseflow.desk import office
from caseflow.desk.office import LONGEST_NOTE, Away
from caseflow.errors import BadInput, CaseflowError, Fault, NotFound
from caseflow.rules.flow import ROLES
from caseflow.store.db import reading
from caseflow.views.office import (
    CHANGES_PAGE,
    Person,
    absences,
    changes,
    groups_of_items,
    lacking,
    past_absences,
    people,
    places,
    ticked,
)
from web.admin import faults_of, summary_of
from web.clock import now, today
from web.errors import page_again, reasons_of
from web.forms import Entries
from web.gate import allow, current_actor, db_engine, house
from web.once import once

KINDS = {"section": "科室", "window": "窗口"}
_LONGEST = 40
_MOST_MARKS = 5000
_AWAY_FIELDS = {"自": "from_on", "至": "to_on", "代岗人": "stand_in", "备注": "note"}

pages = Blueprint("office", __name__, url_prefix="/admin")


@dataclass(frozen=True, slots=True)
class TypedAway:
    """The form of an absence as it was typed."""

    number: str = ""
    from_on: str = ""
    to_on: str = ""
    stand_in: str = ""
    note: str = ""


@pages.get("/places")
@allow("see_office")
def rooms() -> str:
    """The sections and windows."""
    return _rooms()


@pages.post("/places/<kind>")
@allow("keep_office")
def add_room(kind: str) -> BaseResponse:
    """A new one."""
    _known(kind)
    entries = Entries(request.form)
    name = entries.text("name", KINDS[kind], longest=_LONGEST, required=True)
    section = entries.text("section", "所属科室", longest=_LONGEST)
    try:
        entries.check()
        once(lambda session: office.add_place(session, current_actor(), kind, name, now(), section))
    except BadInput as error:
        return page_again(_rooms(error, f"{kind}.new", name), error)
    flash(f"已新增{KINDS[kind]}“{name}”。", "good")
    return redirect(url_for("office.rooms"), 303)


@pages.post("/places/<kind>/<int:place_id>")
@allow("keep_office")
def change_room(kind: str, place_id: int) -> BaseResponse:
    """Rename it, close it, or open it again."""
    _known(kind)
    entries = Entries(request.form)
    go = entries.choice("go", "操作", ("rename", "close", "open"), default="rename")
    name = entries.text("name", KINDS[kind], longest=_LONGEST, required=go == "rename")
    try:
        entries.check()
        if go == "rename":
            once(lambda session: office.rename_place(session, current_actor(), kind, place_id, name, now()))
        else:
            opened = go == "open"
            once(lambda session: office.open_place(session, current_actor(), kind, place_id, now(), open_=opened))
    except BadInput as error:
        return page_again(_rooms(error, f"{kind}.{place_id}", name), error)
    flash({"rename": "已改名。", "close": "已关闭。", "open": "已重新启用。"}[go], "good")
    return redirect(url_for("office.rooms"), 303)


@pages.get("/items")
@allow("see_office")
def who_handles() -> str:
    """Who handles which item, by flow."""
    return _matrix()


@pages.post("/items")
@allow("keep_office")
def set_handled() -> BaseResponse:
    """The marks of the people shown, as they were ticked."""
    actor = current_actor()
    names = {item.key: item.name for item in house().catalogue.items_of(actor.bureau)}
    try:
        shown, before, wanted = _numbers(request.form.getlist("person")), _marks("was"), _marks("mark")
        count = once(lambda session: office.set_items(session, actor, names, shown, before, wanted, now()))
    except CaseflowError as error:
        return page_again(_matrix(error), error)
    flash(f"已保存 {count} 人的经办事项。" if count else "没有改动。", "good")
    return redirect(url_for("office.who_handles"), 303)


@pages.get("/absences")
@allow("see_office")
def away() -> str:
    """Who is away and who stands in."""
    return _away(TypedAway(number=request.args.get("number", "")[:_LONGEST]))


@pages.post("/absences")
@allow("keep_office")
def add_away() -> BaseResponse:
    """Somebody will be away."""
    typed = TypedAway(**{name: request.form.get(name, "").strip() for name in TypedAway.__slots__})
    try:
        absence = _absence()
        once(lambda session: office.add_absence(session, current_actor(), absence, now()))
    except (BadInput, NotFound) as error:
        return page_again(_away(typed, error), error)
    flash("已登记。在此期间转给他的办件会被拒绝，代岗人可在“待领取”看到并办理他名下的办件。", "good")
    return redirect(url_for("office.away"), 303)


@pages.post("/absences/<int:absence_id>/cancel")
@allow("keep_office")
def cancel_away(absence_id: int) -> BaseResponse:
    """It is taken back."""
    try:
        once(lambda session: office.cancel_absence(session, current_actor(), absence_id, now()))
    except CaseflowError as error:
        return page_again(_away(TypedAway(), error), error)
    flash("已取消。", "good")
    return redirect(url_for("office.away"), 303)


@pages.get("/changes")
@allow("see_changes")
def told() -> str:
    """变更记录 of the bureau, newest first."""
    entries = Entries(request.args)
    before = entries.number("before", "页码", least=1)
    entries.check()
    with reading(db_engine()) as connection:
        rows = changes(connection, current_actor().bureau, before)
    return render_template("admin/changes.html", rows=rows, more=len(rows) == CHANGES_PAGE)


def _absence() -> Away:
    """The form as an absence; BadInput with every fault of its fields."""
    entries = Entries(request.form)
    number = entries.text("number", "人员", longest=_LONGEST, required=True)
    from_on, to_on = entries.day("from_on", "起始日", required=True), entries.day("to_on", "结束日", required=True)
    stand_in = entries.text("stand_in", "代岗人", longest=_LONGEST)
    said = entries.text("note", "备注", longest=LONGEST_NOTE)
    entries.check()
    return Away(number, from_on or today(), to_on or today(), stand_in, said)


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise NotFound("没有这一类。")


def _rooms(error: CaseflowError | None = None, where: str = "", name: str = "") -> str:
    with reading(db_engine()) as connection:
        found = {kind: places(connection, current_actor().bureau, kind) for kind in KINDS}
    reasons = reasons_of(error) if error is not None else []
    return render_template("admin/places.html", found=found, kinds=KINDS, reasons=reasons, where=where, name=name)


def _matrix(error: CaseflowError | None = None) -> str:
    actor = current_actor()
    with reading(db_engine()) as connection:
        listed = [one for one in people(connection, actor.bureau, today(), now()) if one.active and one.handles_cases]
        shown = {one.id for one in listed}
        marks = {mark for mark in ticked(connection, actor.bureau) if mark[0] in shown}
    items = house().catalogue.items_of(actor.bureau)
    return render_template(
        "admin/items.html",
        people=listed,
        groups=groups_of_items(items),
        marks=marks,
        # What could not be saved is offered once more: one's own ticks over what holds now, and nobody else's undone.
        wanted=marks ^ (_marks("was") ^ _marks("mark")) if _typed_here(error) else marks,
        lacking=lacking(listed, marks, items),
        reasons=reasons_of(error) if error is not None else [],
    )


def _typed_here(error: CaseflowError | None) -> bool:
    return error is not None and not isinstance(error, BadInput)


def _away(typed: TypedAway, error: CaseflowError | None = None) -> str:
    actor = current_actor()
    with reading(db_engine()) as connection:
        listed = [one for one in people(connection, actor.bureau, today(), now()) if one.active]
        standing = absences(connection, actor.bureau, today())
        past = past_absences(connection, actor.bureau, today())
    return render_template(
        "admin/absences.html",
        people=listed,
        by_role=_by_role(listed),
        standing=standing,
        past=past,
        today=today(),
        typed=typed,
        faults=faults_of(error, _AWAY_FIELDS),
        summary=summary_of(error, _AWAY_FIELDS),
        reasons=reasons_of(error) if error is not None and not isinstance(error, BadInput) else [],
    )


def _by_role(listed: list[Person]) -> list[tuple[str, list[Person]]]:
    """Those who can stand in for one another side by side; who holds several roles stands under the first."""
    found = [(text, [one for one in listed if one.roles[:1] == (role,)]) for role, text in ROLES.items()]
    return [(text, some) for text, some in found if some]


def _numbers(values: list[str]) -> set[int]:
    if len(values) > _MOST_MARKS or any(not fullmatch(r"\d{1,18}", value, ASCII) for value in values):
        raise BadInput(_wrong_marks())
    return {int(value) for value in values}


def _marks(field: str) -> set[tuple[int, str]]:
    """The marks of the matrix, each as "person.item"."""
    values = request.form.getlist(field)
    found = [fullmatch(r"(\d{1,18})\.([A-Za-z0-9_-]{1,80})", value, ASCII) for value in values[: _MOST_MARKS + 1]]
    if len(values) > _MOST_MARKS or None in found:
        raise BadInput(_wrong_marks())
    return {(int(match[1]), match[2]) for match in found if match is not None}


def _wrong_marks() -> list[Fault]:
    return [Fault("mark", "勾选的内容不正确，请从页面上重新勾选")]
