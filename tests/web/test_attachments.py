"""附件 at the web door: who may add, see and fetch; what is handed out and how."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from caseflow.desk.intake import CaseRef
from caseflow.store.db import reading
from caseflow.store.files import MOST_BYTES
from caseflow.store.side_models import AttachmentRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER
from tests.support.scans import PDF, archive, png
from tests.web.counter import Counter, open_door
from web import attachments

TRANSFER = "transfer-continuation"


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine)


@pytest.fixture
def app(office: Office, tmp_path: Path) -> Flask:
    made = open_door(office)
    attachments.install(made, tmp_path / "files")
    return made


@pytest.fixture
def clerk(app: Flask, office: Office) -> Counter:
    return Counter.of(app, office, "clerk")


@pytest.fixture
def ref(office: Office) -> CaseRef:
    return office.register(TRANSFER)


def _page(ref: CaseRef) -> str:
    return f"/cases/{ref.number}/attachments"


def _post(counter: Counter, ref: CaseRef, form: Mapping[str, str], *sent: tuple[bytes, str]) -> TestResponse:
    """Encoded here: the test client would leave a temporary file of a large form open."""
    values: list[tuple[str, object]] = list(form.items())
    values += [("files", FileStorage(io.BytesIO(content), name)) for content, name in sent]
    boundary, body = encode_multipart(MultiDict(values))
    return counter.client.post(_page(ref), data=body, content_type=f"multipart/form-data; boundary={boundary}")


def _send(counter: Counter, ref: CaseRef, *sent: tuple[bytes, str], material: str = "identity") -> TestResponse:
    form = counter.fields(counter.get(_page(ref)), _page(ref))
    return _post(counter, ref, form | {"material": material}, *sent)


def _ids(office: Office) -> list[int]:
    with reading(office.engine) as session:
        return list(session.execute(select(AttachmentRow.id).order_by(AttachmentRow.id)).scalars())


def test_files_are_added_listed_and_fetched(office: Office, clerk: Counter, ref: CaseRef) -> None:
    sent = _send(clerk, ref, (PDF, "身份证.pdf"), (png(), "反面.png"))
    page = clerk.get(_page(ref))

    assert sent.status_code == 303, sent.text
    assert "身份证.pdf" in page.text
    assert "反面.png" in page.text
    first, _ = _ids(office)
    got = clerk.get(f"{_page(ref)}/{first}")
    assert (got.status_code, got.data, got.content_type) == (200, PDF, "application/pdf")


def test_what_is_handed_out_is_only_ever_saved(office: Office, clerk: Counter, ref: CaseRef) -> None:
    _send(clerk, ref, (png(), "照片.exe"))

    headers = clerk.get(f"{_page(ref)}/{_ids(office)[0]}").headers

    assert headers["Content-Disposition"].startswith("attachment;")
    assert headers["Content-Disposition"].endswith('.png"')
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_a_scan_larger_than_any_other_form_is_taken(office: Office, clerk: Counter, ref: CaseRef) -> None:
    sent = _send(clerk, ref, (png(padding=6 * 1024 * 1024), "大.png"))

    assert sent.status_code == 303, sent.text
    assert len(_ids(office)) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "空的"),
        (b"MZ" + bytes(100), "只能上传"),
        (archive(), "只能上传"),
        (png()[:-3], "不完整"),
        (png(60_000, 60_000), "尺寸过大"),
        (png(padding=MOST_BYTES), "10 MB"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason_and_none_is_kept(
    office: Office, clerk: Counter, ref: CaseRef, content: bytes, why: str
) -> None:
    page = _send(clerk, ref, (PDF, "好.pdf"), (content, "坏.pdf"))

    assert (page.status_code, why in page.text) == (422, True)
    assert _ids(office) == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.pdf", "字" * 10_000 + ".pdf", "a\x00b.pdf", "'><script>.pdf", "\\\\x\\y.pdf"]
)
def test_a_hostile_name_is_only_a_name(office: Office, clerk: Counter, ref: CaseRef, name: str) -> None:
    sent = _send(clerk, ref, (PDF, name))

    assert sent.status_code == 303, sent.text
    assert "<script>.pdf" not in clerk.get(_page(ref)).text
    assert clerk.get(f"{_page(ref)}/{_ids(office)[0]}").status_code == 200


def test_no_file_or_no_line_is_asked_for(office: Office, clerk: Counter, ref: CaseRef) -> None:
    assert "请选择要上传的文件" in _send(clerk, ref).text
    assert "哪一项材料" in _send(clerk, ref, (PDF, "x.pdf"), material="").text
    assert _ids(office) == []


def test_too_many_files_at_once_are_refused(office: Office, clerk: Counter, ref: CaseRef) -> None:
    page = _send(clerk, ref, *[(png(seed=n), f"{n}.png") for n in range(21)])

    assert (page.status_code, "最多上传 20 个" in page.text) == (422, True)
    assert _ids(office) == []


def test_more_than_a_form_may_hold_is_refused(
    office: Office, clerk: Counter, ref: CaseRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_BYTES", 1000)

    sent = _send(clerk, ref, (png(padding=2000), "大.png"))

    assert sent.status_code == 303
    assert "合计不能超过" in clerk.get(_page(ref)).text
    assert _ids(office) == []


def test_an_attachment_is_removed_with_its_reason(office: Office, clerk: Counter, ref: CaseRef) -> None:
    _send(clerk, ref, (PDF, "身份证.pdf"))
    address = f"{_page(ref)}/{_ids(office)[0]}/remove"

    without = clerk.send(address, clerk.fields(clerk.get(_page(ref)), address))
    sent = clerk.send(address, clerk.fields(clerk.get(_page(ref)), address) | {"reason": "扫错了人"})

    assert (without.status_code, "请写明移除原因" in without.text) == (422, True)
    assert sent.status_code == 303
    assert "扫错了人" in clerk.get(_page(ref)).text


def test_a_stale_form_is_told_what_happened(office: Office, clerk: Counter, ref: CaseRef) -> None:
    form = clerk.fields(clerk.get(_page(ref)), _page(ref))
    _send(clerk, ref, (PDF, "一.pdf"))

    page = _post(clerk, ref, form | {"material": "identity"}, (png(), "二.png"))

    assert (page.status_code, "请刷新后再办" in page.text) == (409, True)
    assert len(_ids(office)) == 1


def test_an_ended_case_shows_its_attachments_without_a_form(office: Office, clerk: Counter, ref: CaseRef) -> None:
    _send(clerk, ref, (PDF, "身份证.pdf"))
    for by, action, details in [ACCEPT, HAND_OVER, APPROVE, CLOSE]:
        office.act(ref, by, action, **details)

    page = clerk.get(_page(ref))

    assert "身份证.pdf" in page.text
    assert "multipart/form-data" not in page.text


@pytest.mark.parametrize("path", ["", "/1"])
def test_who_is_not_signed_in_or_keeps_only_accounts_sees_nothing(
    app: Flask, office: Office, clerk: Counter, ref: CaseRef, path: str
) -> None:
    _send(clerk, ref, (PDF, "身份证.pdf"))

    assert app.test_client().get(_page(ref) + path).status_code == 303
    assert Counter.of(app, office, "administrator").get(_page(ref) + path).status_code == 403


def test_another_bureau_finds_nothing(app: Flask, office: Office, clerk: Counter, ref: CaseRef) -> None:
    _send(clerk, ref, (PDF, "身份证.pdf"))
    there = open_office(office.engine, "shuimogou")
    stranger = Counter.of(app, there, "clerk")

    answers = [stranger.get(_page(ref)), stranger.get(f"{_page(ref)}/{_ids(office)[0]}"), stranger.send(_page(ref), {})]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_a_reader_sees_and_fetches_but_adds_nothing(app: Flask, office: Office, clerk: Counter, ref: CaseRef) -> None:
    _send(clerk, ref, (PDF, "身份证.pdf"))
    auditor = Counter.of(app, office, "auditor")

    page = auditor.get(_page(ref))
    sent = _post(auditor, ref, {"version": "2", "material": "identity"}, (png(), "x.png"))

    assert "multipart/form-data" not in page.text
    assert auditor.get(f"{_page(ref)}/{_ids(office)[0]}").status_code == 200
    assert (sent.status_code, len(_ids(office))) == (403, 1)


def test_a_form_without_its_token_adds_nothing(app: Flask, office: Office, clerk: Counter, ref: CaseRef) -> None:
    app.config["WTF_CSRF_ENABLED"] = True

    sent = _post(clerk, ref, {"version": "1", "material": "identity"}, (PDF, "x.pdf"))

    assert (sent.status_code, _ids(office)) == (400, [])
