"""附件 through the desk: what a file is, where it lies, who may add it; on both databases."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select

from caseflow.desk import attachments as desk
from caseflow.desk.attachments import Attached, attach, detach, shown_name
from caseflow.desk.intake import CaseRef
from caseflow.errors import BadInput, CaseChanged, CaseflowError, NotFound, Refused, Unavailable
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store import files
from caseflow.store.db import reading, writing
from caseflow.store.files import check_file
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.models import EventRow
from caseflow.store.sealed_stream import new_key
from caseflow.store.side_models import AttachmentRow
from caseflow.views.attachments import (
    attachments_of,
    disposition,
    load_download,
    missing_files,
    next_plain,
    plain_files,
)
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER
from tests.support.scans import PDF, archive, archive_comment, chunk, jpeg, png, segment

TRANSFER = "transfer-continuation"
LINE = "identity"
MISSING_LINE = {LINE: Receipt(Mark.MISSING)}


def _attach(
    office: Office,
    root: Path,
    ref: CaseRef,
    content: bytes = PDF,
    *,
    by: str = "clerk",
    name: str = "身份证.pdf",
    line: str = LINE,
    version: int | None = None,
) -> Attached:
    at = office.case(ref).record.version if version is None else version
    with writing(office.engine) as session:
        return attach(session, office.house, root, office.staff[by], ref.id, at, (line, name, content), office.now)


def _detach(office: Office, ref: CaseRef, attachment_id: int, reason: str = "扫错了", by: str = "clerk") -> int:
    at = office.case(ref).record.version
    with writing(office.engine) as session:
        return detach(session, office.house, office.staff[by], ref.id, at, attachment_id, reason, office.now)


def _walk(office: Office, ref: CaseRef, *steps: tuple[str, str, dict[str, str]]) -> None:
    for by, action, details in steps:
        office.act(ref, by, action, **details)


def _rows(office: Office) -> int:
    with reading(office.engine) as session:
        return len(session.execute(select(AttachmentRow.id)).all())


def _kept(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


# --- what a file is


@pytest.mark.parametrize(
    ("content", "kind"), [(PDF, "pdf"), (jpeg(), "jpeg"), (png(), "png"), (jpeg() + bytes(100), "jpeg")]
)
def test_a_file_is_known_by_its_content(content: bytes, kind: str) -> None:
    file = check_file(content)

    assert (file.kind, file.sha256) == (kind, hashlib.sha256(content).hexdigest())


PROGRESSIVE = (
    jpeg()[:-2].replace(b"\xff\xc0", b"\xff\xc2") + segment(0xC4, bytes(20)) + segment(0xDA, bytes(6)) + b"\x01\xff\xd9"
)


def test_a_photograph_of_several_scans_is_one() -> None:
    assert check_file(PROGRESSIVE).kind == "jpeg"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "空的"),
        (b"MZ\x90\x00" + bytes(200), "只能上传"),
        (b"\x7fELF" + bytes(200), "只能上传"),
        (archive(), "只能上传"),
        (b"<html><script>alert(1)</script></html>", "只能上传"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "只能上传"),
        (b"GIF89a" + bytes(100), "只能上传"),
        (b"\n%PDF-1.4\n" + PDF, "只能上传"),
        (b"%PDF-", "只能上传"),
        (b"%PDF-1.7\n", "不完整"),
        (PDF.replace(b"startxref\n54\n", b""), "其他内容"),
        (PDF.replace(b"\n54\n", b"\n99999\n"), "不完整"),
        (PDF + b"MZ\x90\x00", "其他内容"),
        (PDF + archive(10), "其他内容"),
        (archive_comment(PDF, b"startxref\n54\n%%EOF"), "其他内容"),
        (png()[:-1], "不完整"),
        (png()[:40], "不完整"),
        (png()[:8], "不完整"),
        (png()[:20] + b"\x01" + png()[21:], "不完整"),
        (png() + b"<?php ?>", "其他内容"),
        (png() + archive(10), "其他内容"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", bytes(13)) + chunk(b"IEND", b""), "不完整"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"x") * 2 + chunk(b"IEND", b""), "不完整"),
        (png(10_001, 1), "尺寸过大"),
        (png(10_000, 4_001), "尺寸过大"),
        (png(2**31 - 1, 2**31 - 1), "尺寸过大"),
        (png(0, 5), "不完整"),
        (jpeg(65_500, 65_500), "尺寸过大"),
        (jpeg(0, 10), "不完整"),
        (jpeg()[:-2], "不完整"),
        (jpeg()[:30], "不完整"),
        (b"\xff\xd8\xff", "不完整"),
        (b"\xff\xd8\xff\xd9", "不完整"),
        (b"\xff\xd8" + segment(0xE0, b"JFIF\x00") + b"\xff\xd9", "不完整"),
        (b"\xff\xd8" + segment(0xDA, bytes(6)) + b"\x00\xff\xd9", "不完整"),
        (jpeg() + archive(10), "其他内容"),
        (jpeg()[:-2] + jpeg(60_000, 60_000)[2:], "不完整"),
    ],
)
def test_what_is_no_whole_plain_file_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        check_file(content)


def test_an_archive_in_a_comment_is_really_one() -> None:
    hidden = archive_comment(PDF, b"startxref\n54\n%%EOF")

    assert zipfile.is_zipfile(BytesIO(hidden))
    assert hidden.startswith(b"%PDF-")


def test_ten_mebibytes_are_allowed_and_not_one_byte_more() -> None:
    size = files.MOST_BYTES - len(png())

    assert check_file(png(padding=size)).kind == "png"
    with pytest.raises(BadInput, match="10 MB"):
        check_file(png(padding=size + 1))


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff" * (files.MOST_BYTES - 2),
        b"\xff\xd8" + segment(0xE1, b"") * 2_000_000,
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"aaAA", b"") * 800_000,
        b"%PDF-1.4\n" + b"startxref 1 " * 800_000,
    ],
    ids=["fill bytes", "segments", "chunks", "pdf"],
)
def test_a_file_made_to_be_slow_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        check_file(content)


# --- names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("身份证 正面.jpg", "身份证 正面.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\我\\扫描.pdf", "扫描.pdf"),
        ("..", "附件"),
        ("", "附件"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "abSet-Cookie_ x.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ('a"<b>|c?.png', "a__b__c_.png"),
        (".htaccess", "htaccess"),
        ("㼆.pdf", "㼆.pdf"),
    ],
)
def test_a_name_keeps_what_can_be_shown(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_a_name_of_ten_thousand_characters_is_cut_and_keeps_its_ending() -> None:
    name = shown_name("字" * 10_000 + ".pdf")

    assert (len(name), name[-5:]) == (120, "字.pdf")


@pytest.mark.parametrize(("kind", "ending"), [("pdf", "pdf"), ("jpeg", "jpg"), ("png", "png")])
def test_a_download_is_named_by_its_case_and_nobody_s_name(kind: str, ending: str) -> None:
    number = "654203036202603021000001"

    assert disposition(number, kind, 7) == f'attachment; filename="{number}-7.{ending}"'


# --- through the desk


def test_an_attachment_is_on_disk_listed_and_told(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)

    added = _attach(office, tmp_path, ref)

    with reading(office.engine) as session:
        (listed,) = attachments_of(session, office.staff["auditor"], ref.id)
        told = session.execute(select(EventRow.detail).where(EventRow.action == "attach")).scalar_one()
        found = load_download(session, office.house, tmp_path, office.staff["reviewer"], ref.number, added.id)
    assert (listed.name, listed.kind, listed.size, listed.removed_at) == ("身份证.pdf", "pdf", len(PDF), None)
    assert told["sha256"] == listed.sha256 == hashlib.sha256(PDF).hexdigest()
    assert (found.content, found.mime_type) == (PDF, "application/pdf")
    assert (added.version, office.case(ref).record.version) == (ref.version + 1, ref.version + 1)
    assert missing_files_of(office, tmp_path) == []


def missing_files_of(office: Office, root: Path) -> list[int]:
    with reading(office.engine) as session:
        return [one.id for one in missing_files(session, office.house, root)]


def test_files_lie_sealed_under_names_that_tell_nothing(office: Office, tmp_path: Path) -> None:
    first, second = office.register(TRANSFER), office.register(TRANSFER)

    _attach(office, tmp_path, first)
    _attach(office, tmp_path, second, name="另一个.pdf")

    one, two = _kept(tmp_path)
    assert one.read_bytes() != two.read_bytes()
    assert all(b"%PDF" not in path.read_bytes() for path in (one, two))
    assert hashlib.sha256(PDF).hexdigest() not in {path.parent.name + path.name for path in (one, two)}
    assert missing_files_of(office, tmp_path) == []


def test_the_same_content_on_the_same_line_is_one_attachment(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    first = _attach(office, tmp_path, ref)

    again = _attach(office, tmp_path, ref, name="又一次.pdf")

    assert (again, _rows(office)) == (first, 1)
    assert office.history(ref) == ["register", "attach"]


def test_a_removed_attachment_stays_with_its_reason(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    added = _attach(office, tmp_path, ref)

    _detach(office, ref, added.id)

    with reading(office.engine) as session:
        (listed,) = attachments_of(session, office.staff["clerk"], ref.id)
    assert (listed.removed_at, listed.remove_reason) == (office.now, "扫错了")
    assert office.history(ref) == ["register", "attach", "detach"]
    assert len(_kept(tmp_path)) == 1
    with pytest.raises(NotFound):
        _detach(office, ref, added.id)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\x00b"])
def test_a_removal_needs_a_reason(office: Office, tmp_path: Path, reason: str) -> None:
    ref = office.register(TRANSFER)
    added = _attach(office, tmp_path, ref)

    with pytest.raises(BadInput):
        _detach(office, ref, added.id, reason)


def test_the_file_of_a_bad_upload_is_never_kept(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(BadInput):
        _attach(office, tmp_path, ref, b"MZ" + bytes(100), name="发票.pdf")

    assert (_rows(office), _kept(tmp_path), office.history(ref)) == (0, [], ["register"])


def test_a_line_the_item_does_not_know_is_refused(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(BadInput, match="哪一项材料"):
        _attach(office, tmp_path, ref, line="../x")


@pytest.mark.parametrize("who", ["reviewer", "cashier", "supervisor", "auditor", "administrator"])
def test_who_neither_marks_materials_nor_holds_the_case_adds_nothing(office: Office, tmp_path: Path, who: str) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(Refused, match="经办人"):
        _attach(office, tmp_path, ref, by=who)


def test_a_colleague_adds_nothing_to_a_case_held_by_another(engine: Engine, tmp_path: Path) -> None:
    office = open_office(engine, extra={"other": ("clerk",)})
    ref = office.register(TRANSFER)

    with pytest.raises(Refused):
        _attach(office, tmp_path, ref, by="other")


def test_who_adds_to_a_released_case_holds_it(engine: Engine, tmp_path: Path) -> None:
    office = open_office(engine, extra={"other": ("clerk",)})
    ref = office.register(TRANSFER)
    office.act(ref, "clerk", "release")

    _attach(office, tmp_path, ref, by="other")

    assert office.case(ref).record.handler_id == office.staff["other"].id


def test_after_acceptance_the_handler_still_adds(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    _walk(office, ref, ACCEPT, HAND_OVER)
    office.act(ref, "reviewer", "claim")

    added = _attach(office, tmp_path, ref, by="reviewer")

    assert added.version == office.case(ref).record.version


def test_an_ended_case_takes_and_gives_up_nothing(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    added = _attach(office, tmp_path, ref)
    _walk(office, ref, ACCEPT, HAND_OVER, APPROVE, CLOSE)

    with pytest.raises(Refused, match="不能再增减"):
        _attach(office, tmp_path, ref, png())
    with pytest.raises(Refused, match="不能再增减"):
        _detach(office, ref, added.id)


def test_another_bureau_finds_neither_case_nor_attachment(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    added = _attach(office, tmp_path, ref)
    there = open_office(office.engine, "shuimogou")
    stranger = there.staff["clerk"]

    with reading(office.engine) as session:
        assert attachments_of(session, stranger, ref.id) == ()
        with pytest.raises(NotFound):
            load_download(session, office.house, tmp_path, stranger, ref.number, added.id)
    with writing(office.engine) as session, pytest.raises(NotFound):
        attach(session, office.house, tmp_path, stranger, ref.id, 2, (LINE, "x.pdf", PDF), office.now)


def test_an_attachment_is_found_under_its_own_case_only(office: Office, tmp_path: Path) -> None:
    ref, other = office.register(TRANSFER), office.register(TRANSFER)
    added = _attach(office, tmp_path, ref)

    with reading(office.engine) as session, pytest.raises(NotFound):
        load_download(session, office.house, tmp_path, office.staff["clerk"], other.number, added.id)
    with pytest.raises(NotFound):
        _detach(office, other, added.id)


def test_a_stale_form_adds_nothing(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    _attach(office, tmp_path, ref)

    with pytest.raises(CaseChanged):
        _attach(office, tmp_path, ref, png(), version=ref.version)


def test_of_two_at_once_one_is_told_to_look_again(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)

    def once(seed: int) -> str:
        try:
            _attach(office, tmp_path, ref, png(seed=seed), version=ref.version)
        except CaseflowError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(once, [1, 2]))

    assert outcomes == ["CaseChanged", "done"]
    assert _rows(office) == 1


def test_a_case_holds_so_much_and_no_more(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MOST_BYTES_OF_CASE", 2 * len(png(seed=1)))
    ref = office.register(TRANSFER)
    first = _attach(office, tmp_path, ref, png(seed=1))
    _attach(office, tmp_path, ref, png(seed=2))

    with pytest.raises(BadInput, match="合计"):
        _attach(office, tmp_path, ref, png(seed=3))
    _detach(office, ref, first.id)

    assert _attach(office, tmp_path, ref, png(seed=3)).id > first.id


def test_adding_and_removing_cannot_fill_the_disk(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "MOST_FILES_OF_CASE", 2)
    ref = office.register(TRANSFER)
    for seed in (1, 2):
        _detach(office, ref, _attach(office, tmp_path, ref, png(seed=seed)).id)

    with pytest.raises(BadInput, match="2 个"):
        _attach(office, tmp_path, ref, png(seed=3))


# --- where it lies


def test_a_missing_or_changed_file_is_found_and_not_handed_out(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    added = [_attach(office, tmp_path, ref, png(seed=seed)) for seed in (1, 2, 3)]
    first, second, third = (_path_of(office, tmp_path, one.id) for one in added)

    first.unlink()
    second.write_bytes(third.read_bytes())

    assert missing_files_of(office, tmp_path) == [added[0].id, added[1].id]
    for one in added[:2]:
        with reading(office.engine) as session, pytest.raises(Unavailable, match="缺失或已被改动"):
            load_download(session, office.house, tmp_path, office.staff["clerk"], ref.number, one.id)


def test_a_plain_file_of_an_earlier_release_opens_and_is_sealed_on_request(office: Office, tmp_path: Path) -> None:
    ref, other = office.register(TRANSFER), office.register(TRANSFER)
    added = [_attach(office, tmp_path, one) for one in (ref, other)]
    plain = _as_an_earlier_release_left_it(office, tmp_path, PDF)

    assert (_plain(office), missing_files_of(office, tmp_path)) == (2, [])
    assert _seal_next(office, tmp_path, 0) == added[0].id
    assert (plain.exists(), _plain(office), missing_files_of(office, tmp_path)) == (True, 1, [])
    assert _seal_next(office, tmp_path, added[0].id) == added[1].id
    assert (plain.exists(), _plain(office), missing_files_of(office, tmp_path)) == (False, 0, [])
    assert _seal_next(office, tmp_path, added[1].id) is None
    with reading(office.engine) as session:
        found = load_download(session, office.house, tmp_path, office.staff["clerk"], ref.number, added[0].id)
    assert found.content == PDF


def _path_of(office: Office, root: Path, attachment_id: int) -> Path:
    query = select(StoredFileRow.name).where(StoredFileRow.attachment_id == attachment_id)
    with reading(office.engine) as session:
        return files.path_of(root, session.execute(query).scalar_one())


def _as_an_earlier_release_left_it(office: Office, root: Path, content: bytes) -> Path:
    """Every file of this content unsealed, under its digest."""
    for path in _kept(root):
        path.unlink()
    with writing(office.engine) as session:
        session.execute(delete(StoredFileRow))
    plain = files.path_of(root, hashlib.sha256(content).hexdigest())
    plain.parent.mkdir(parents=True, exist_ok=True)
    plain.write_bytes(content)
    return plain


def _plain(office: Office) -> int:
    with reading(office.engine) as session:
        return plain_files(session)


def _seal_next(office: Office, root: Path, after: int) -> int | None:
    with reading(office.engine) as session:
        found = next_plain(session, after)
    if found is None:
        return None
    with writing(office.engine) as session:
        desk.seal_plain(session, office.house, root, *found)
    with reading(office.engine) as session:
        desk.forget_plain(session, root, found[1])
    return found[0]


def test_a_row_that_was_not_committed_leaves_at_most_an_orphan(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(RuntimeError, match="power"), writing(office.engine) as session:
        attach(session, office.house, tmp_path, office.staff["clerk"], ref.id, 1, (LINE, "x.pdf", PDF), office.now)
        raise RuntimeError("power")

    assert (_rows(office), len(_kept(tmp_path)), missing_files_of(office, tmp_path)) == (0, 1, [])


def test_where_nothing_can_be_written_nothing_is_recorded(office: Office, tmp_path: Path) -> None:
    ref = office.register(TRANSFER)
    root = tmp_path / "files"
    root.write_text("no folder", encoding="utf-8")

    with pytest.raises(Unavailable, match="没有保存"):
        _attach(office, root, ref)

    assert (_rows(office), office.history(ref)) == (0, ["register"])


def test_a_write_that_fails_half_way_leaves_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)

    with pytest.raises(Unavailable):
        files.keep_sealed(tmp_path, PDF, new_key())

    assert _kept(tmp_path) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_what_is_no_name_reaches_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        files.fetch(tmp_path, name, None, "")
