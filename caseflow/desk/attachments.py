"""附件: scans of a material line are added and marked as removed while the case is open; every change is told."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, insert, select, update

from caseflow.desk.handling import check_version
from caseflow.desk.orders import follow
from caseflow.desk.recording import Happened, record
from caseflow.errors import BadInput, Fault, NotFound, Refusal, Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.entries import text_fault
from caseflow.rules.flow import Step
from caseflow.store.facts import CaseState, load_case
from caseflow.store.files import PLACE, CheckedFile, check_file, fetch, forget, keep_sealed
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.sealed_stream import new_key
from caseflow.store.side_models import AttachmentRow

MOST_BYTES_OF_CASE = 50 * 1024 * 1024
"""What the standing attachments of one case may hold together, in bytes."""

MOST_FILES_OF_CASE = 200
"""Attachments of one case, removed ones included: their bytes stay."""

LONGEST_NAME = 120
LONGEST_REASON = 200
_MARKING = ("receive_material", "receive_deferred")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_NO_FILE_NAME = set('<>:"|?*')


@dataclass(frozen=True, slots=True)
class Attached:
    """An attachment as it stands, and the version of the case after it."""

    id: int
    version: int
    name: str


def shown_name(name: str) -> str:
    """The last part of a file name without what cannot be seen or kept in a name; at most 120 characters."""
    last = unicodedata.normalize("NFC", name[-4 * LONGEST_NAME :]).replace("\\", "/").rpartition("/")[2]
    seen = "".join("" if unicodedata.category(one) in _UNSEEN else one for one in last)
    plain = " ".join("".join("_" if one in _NO_FILE_NAME else one for one in seen).split()).lstrip(". ")
    if len(plain) > LONGEST_NAME:
        ending = PurePosixPath(plain).suffix[:10]
        plain = plain[: LONGEST_NAME - len(ending)] + ending
    return plain or "附件"


def attach(
    session: Connection,
    house: House,
    root: Path,
    actor: Actor,
    case_id: int,
    version: int,
    upload: tuple[str, str, bytes],
    now: datetime,
) -> Attached:
    """Add one file, given as (material line, name, content); its bytes are on disk before this returns.

    The same content again on the same line gives the attachment that is there. Raises BadInput, Refused, CaseChanged,
    NotFound, and Unavailable where the file cannot be written.
    """
    material, name, content = upload
    case = load_case(session, house, actor, case_id, beijing_day(now), lock=True)
    check_version(session, case, version)
    marking = _may_change(case, actor)
    line = _line_name(case, material)
    file = check_file(content)
    before = _standing(session, case, material, file.sha256)
    if before is not None:
        return Attached(before.id, version, before.name)
    _check_room(session, case, len(content))
    key = new_key()
    stored = keep_sealed(root, content, key)
    shown = shown_name(name)
    added = insert(AttachmentRow).values(_row(case, actor, material, shown, file, now)).returning(AttachmentRow.id)
    attachment_id = session.execute(added).scalar_one()
    _note_file(session, house, attachment_id, stored, key)
    told = {"text": f"{line}：{shown}", "material": material, "kind": file.kind, "size": len(content)}
    after = _write(session, house, actor, case, "attach", told | {"sha256": file.sha256}, marking, now)
    return Attached(attachment_id, after, shown)


def detach(
    session: Connection,
    house: House,
    actor: Actor,
    case_id: int,
    version: int,
    attachment_id: int,
    reason: str,
    now: datetime,
) -> int:
    """Mark an attachment as removed and give the new version; its row, its bytes and the reason stay.

    Raises BadInput, Refused, CaseChanged, NotFound.
    """
    case = load_case(session, house, actor, case_id, beijing_day(now), lock=True)
    check_version(session, case, version)
    marking = _may_change(case, actor)
    _check_reason(reason)
    query = select(AttachmentRow.name, AttachmentRow.material, AttachmentRow.sha256).where(
        *_of(case), AttachmentRow.id == attachment_id, AttachmentRow.removed_at.is_(None)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        message = "没有这个附件，或已移除"
        raise NotFound(message)
    gone = update(AttachmentRow).where(*_of(case), AttachmentRow.id == attachment_id)
    session.execute(gone.values(removed_at=now, remove_reason=reason.strip()))
    line = _line_name(case, row.material)
    told = {"text": f"{line}：{row.name}", "reason": reason.strip(), "material": row.material, "sha256": row.sha256}
    return _write(session, house, actor, case, "detach", told, marking, now)


def may_change(case: CaseState, actor: Actor) -> bool:
    """Whether this person may add and remove attachments of the case now; the page asks before it shows a form."""
    try:
        _may_change(case, actor)
    except Refused:
        return False
    return True


def _may_change(case: CaseState, actor: Actor) -> Step | None:
    """The step of marking materials this person may take, None for the handler; Refused for everybody else."""
    if not case.state.open:
        raise Refused([Refusal("closed", f"本件{case.state.label}，附件不能再增减")])
    steps = [case.flow.decide(case.state.key, action, case.facts) for action in _MARKING]
    allowed = next((step for step in steps if isinstance(step, Step)), None)
    if allowed is None and case.record.handler_id != actor.id:
        raise Refused([Refusal("attach", "附件须由本件经办人，或此时可以核对材料的窗口人员增减")])
    return allowed


def seal_plain(session: Connection, house: House, root: Path, attachment_id: int, sha256: str) -> None:
    """Seal an attachment an earlier release left plain under its digest; Unavailable where it is missing or changed.

    The plain file stays until the caller knows that this was committed: `forget_plain`.
    """
    key = new_key()
    content = fetch(root, sha256, None, sha256)
    _note_file(session, house, attachment_id, keep_sealed(root, content, key), key)


def forget_plain(session: Connection, root: Path, sha256: str) -> bool:
    """Take a plain file away once no attachment needs it any more; whether it was taken away."""
    needing = (
        select(AttachmentRow.id)
        .outerjoin(StoredFileRow, StoredFileRow.attachment_id == AttachmentRow.id)
        .where(StoredFileRow.attachment_id.is_(None), AttachmentRow.sha256 == sha256)
    )
    if session.execute(needing.limit(1)).first() is not None:
        return False
    forget(root, sha256)
    return True


def _note_file(session: Connection, house: House, attachment_id: int, name: str, key: bytes) -> None:
    row = {"attachment_id": attachment_id, "name": name, "key_sealed": house.keys.seal(key.hex())}
    session.execute(insert(StoredFileRow).values(row))


def _line_name(case: CaseState, material: str) -> str:
    found = next((line.name for line in case.item.materials if line.key == material), None)
    if found is None:
        raise BadInput([Fault(PLACE, "请选择附件属于哪一项材料")])
    return found


def _check_reason(reason: str) -> None:
    fault = text_fault("移除原因", reason, LONGEST_REASON)
    if not reason.strip():
        fault = Fault("移除原因", "请写明移除原因")
    if fault is not None:
        raise BadInput([fault])


def _of(case: CaseState) -> tuple[Any, ...]:
    return AttachmentRow.bureau == case.record.bureau, AttachmentRow.case_id == case.record.id


def _standing(session: Connection, case: CaseState, material: str, sha256: str) -> Any:
    query = select(AttachmentRow.id, AttachmentRow.name).where(
        *_of(case),
        AttachmentRow.material == material,
        AttachmentRow.sha256 == sha256,
        AttachmentRow.removed_at.is_(None),
    )
    return session.execute(query.limit(1)).one_or_none()


def _check_room(session: Connection, case: CaseState, size: int) -> None:
    rows = session.execute(select(AttachmentRow.size, AttachmentRow.removed_at).where(*_of(case))).all()
    if sum(row.size for row in rows if row.removed_at is None) + size > MOST_BYTES_OF_CASE:
        most = MOST_BYTES_OF_CASE // 1024 // 1024
        raise BadInput([Fault(PLACE, f"本件附件合计不能超过 {most} MB，请降低扫描分辨率或移除不需要的附件")])
    if len(rows) >= MOST_FILES_OF_CASE:
        raise BadInput([Fault(PLACE, f"本件附件不能超过 {MOST_FILES_OF_CASE} 个（含已移除的）")])


def _row(case: CaseState, actor: Actor, material: str, name: str, file: CheckedFile, now: datetime) -> dict[str, Any]:
    return {
        "bureau": case.record.bureau,
        "case_id": case.record.id,
        "material": material,
        "name": name,
        "kind": file.kind,
        "size": len(file.content),
        "sha256": file.sha256,
        "added_by": actor.id,
        "added_at": now,
    }


def _write(
    session: Connection,
    house: House,
    actor: Actor,
    case: CaseState,
    action: str,
    told: dict[str, Any],
    marking: Step | None,
    now: datetime,
) -> int:
    # As with every other work on an unclaimed case, whoever does it holds it.
    takes = marking is not None and not marking.action.anyone and case.facts.holder is None
    holder = {"handler_id": actor.id} if takes else {}
    order = follow(session, case, actor, actor.id, now) if takes else ""
    told |= {"order": order} if order else {}
    return record(session, house, case.record, [Happened(actor, action, told)], holder, now)
