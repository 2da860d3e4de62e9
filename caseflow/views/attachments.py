"""The attachments of a case, one of them to hand out, and those whose file is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, select

from caseflow.errors import NotFound
from caseflow.house import Actor, House
from caseflow.store.files import fetch, is_whole
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.models import CaseRow, StaffRow
from caseflow.store.side_models import AttachmentRow

MIME_TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
_ENDINGS = {"pdf": "pdf", "jpeg": "jpg", "png": "png"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment as a page lists it; `size` in bytes."""

    id: int
    material: str
    name: str
    kind: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime
    removed_at: datetime | None
    remove_reason: str


@dataclass(frozen=True, slots=True)
class Download:
    """An attachment to hand out: its bytes, its type, and the header that names it."""

    content: bytes
    mime_type: str
    disposition: str


@dataclass(frozen=True, slots=True)
class Missing:
    """An attachment whose file is not there, or no longer what was uploaded."""

    id: int
    case_number: str
    name: str
    sha256: str


_WHERE_IT_LIES: tuple[Any, ...] = (StoredFileRow.name.label("stored"), StoredFileRow.key_sealed, AttachmentRow.sha256)
_COLUMNS: tuple[Any, ...] = (
    AttachmentRow.id,
    AttachmentRow.material,
    AttachmentRow.name,
    AttachmentRow.kind,
    AttachmentRow.size,
    AttachmentRow.sha256,
    StaffRow.name.label("added_by"),
    AttachmentRow.added_at,
    AttachmentRow.removed_at,
    AttachmentRow.remove_reason,
)


def attachments_of(session: Connection, actor: Actor, case_id: int) -> tuple[Attachment, ...]:
    """The attachments of a case of the actor's bureau in the order they came, removed ones among them."""
    query = (
        select(*_COLUMNS)
        .join(StaffRow, StaffRow.id == AttachmentRow.added_by)
        .where(AttachmentRow.bureau == actor.bureau, AttachmentRow.case_id == case_id)
    )
    return tuple(Attachment(*row) for row in session.execute(query.order_by(AttachmentRow.id)))


def load_download(
    session: Connection, house: House, root: Path, actor: Actor, case_number: str, attachment_id: int
) -> Download:
    """One attachment of this case; NotFound for another bureau's or none, Unavailable where its file is gone."""
    query = (
        select(AttachmentRow.kind, *_WHERE_IT_LIES)
        .join(CaseRow, (CaseRow.bureau == AttachmentRow.bureau) & (CaseRow.id == AttachmentRow.case_id))
        .outerjoin(StoredFileRow, StoredFileRow.attachment_id == AttachmentRow.id)
        .where(AttachmentRow.id == attachment_id, AttachmentRow.bureau == actor.bureau, CaseRow.number == case_number)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        message = "没有这个附件"
        raise NotFound(message)
    content = fetch(root, *_place(house, row))
    return Download(content, MIME_TYPES[row.kind], disposition(case_number, row.kind, attachment_id))


def _place(house: House, row: Row[*tuple[Any, ...]]) -> tuple[str, bytes | None, str]:
    """The name, the key and the digest of a file; one of an earlier release lies plain under its digest."""
    if row.stored is None:
        return row.sha256, None, row.sha256
    return row.stored, bytes.fromhex(house.keys.open(row.key_sealed)), row.sha256


def disposition(case_number: str, kind: str, attachment_id: int) -> str:
    """Content-Disposition: named by case and attachment, for the name it came with may be that of a person."""
    return f'attachment; filename="{case_number}-{attachment_id}.{_ENDINGS[kind]}"'


def missing_files(session: Connection, house: House, root: Path) -> tuple[Missing, ...]:
    """Every attachment, removed ones included, whose file is missing or was changed; reads each file once."""
    query = (
        select(AttachmentRow.id, CaseRow.number, AttachmentRow.name, *_WHERE_IT_LIES)
        .join(CaseRow, (CaseRow.bureau == AttachmentRow.bureau) & (CaseRow.id == AttachmentRow.case_id))
        .outerjoin(StoredFileRow, StoredFileRow.attachment_id == AttachmentRow.id)
        .order_by(AttachmentRow.id)
    )
    rows = session.execute(query).all()
    return tuple(
        Missing(row.id, row.number, row.name, row.sha256) for row in rows if not is_whole(root, *_place(house, row))
    )


def plain_files(session: Connection) -> int:
    """How many attachments of an earlier release lie unsealed."""
    unsealed = select(func.count()).select_from(AttachmentRow).outerjoin(StoredFileRow)
    return session.execute(unsealed.where(StoredFileRow.attachment_id.is_(None))).scalar_one()


def next_plain(session: Connection, after: int) -> tuple[int, str] | None:
    """The next attachment after that id that lies unsealed, and its digest; None where there is none."""
    query = select(AttachmentRow.id, AttachmentRow.sha256).outerjoin(StoredFileRow)
    unsealed = query.where(StoredFileRow.attachment_id.is_(None), AttachmentRow.id > after)
    row = session.execute(unsealed.order_by(AttachmentRow.id).limit(1)).one_or_none()
    return None if row is None else (row.id, row.sha256)
