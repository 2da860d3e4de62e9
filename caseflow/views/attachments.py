"""The attachments of a case, one of them to hand out, and those whose file is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, select

from caseflow.errors import NotFound
from caseflow.house import Actor
from caseflow.store.files import fetch, is_whole
from caseflow.store.models import CaseRow, StaffRow
from caseflow.store.side_models import AttachmentRow

MIME_TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
_ENDINGS = {"pdf": (".pdf",), "jpeg": (".jpg", ".jpeg"), "png": (".png",)}


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


def load_download(session: Connection, root: Path, actor: Actor, case_number: str, attachment_id: int) -> Download:
    """One attachment of this case; NotFound for another bureau's or none, Unavailable where its file is gone."""
    query = (
        select(AttachmentRow.name, AttachmentRow.kind, AttachmentRow.sha256)
        .join(CaseRow, (CaseRow.bureau == AttachmentRow.bureau) & (CaseRow.id == AttachmentRow.case_id))
        .where(AttachmentRow.id == attachment_id, AttachmentRow.bureau == actor.bureau, CaseRow.number == case_number)
    )
    row = session.execute(query).one_or_none()
    if row is None:
        message = "没有这个附件"
        raise NotFound(message)
    return Download(fetch(root, row.sha256), MIME_TYPES[row.kind], disposition(row.name, row.kind, attachment_id))


def disposition(name: str, kind: str, attachment_id: int) -> str:
    """Content-Disposition by RFC 6266 and 5987: the ending is that of the content, whatever the name said."""
    endings = _ENDINGS[kind]
    named = name if PurePosixPath(name).suffix.lower() in endings else f"{name}{endings[0]}"
    return f"attachment; filename=\"attachment-{attachment_id}{endings[0]}\"; filename*=UTF-8''{quote(named, safe='')}"


def missing_files(session: Connection, root: Path) -> tuple[Missing, ...]:
    """Every attachment, removed ones included, whose file is missing or was changed; reads each file once."""
    query = (
        select(AttachmentRow.id, CaseRow.number, AttachmentRow.name, AttachmentRow.sha256)
        .join(CaseRow, (CaseRow.bureau == AttachmentRow.bureau) & (CaseRow.id == AttachmentRow.case_id))
        .order_by(AttachmentRow.id)
    )
    rows = [Missing(*row) for row in session.execute(query)]
    broken = {digest for digest in {row.sha256 for row in rows} if not is_whole(root, digest)}
    return tuple(row for row in rows if row.sha256 in broken)
