"""Names are kept and shown as they are written: 少数民族 names, rare characters, signs that are put together."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import Engine, select

from caseflow.papers import render
from caseflow.store.db import reading
from caseflow.store.models import CaseRow, PaperRow
from tests.support.office import open_office
from tests.web.counter import Counter, faults_of, open_door

NAMES = (
    "阿依古丽·吐尔逊",
    "𠮷田㼆",
    "臺灣醫療",
    "أىگۈل",
    "e\u0301va 王",
    "李👩‍⚕️",
    "买买提·艾合买提江·阿不都热依木",
    "１２３公司",
)
BROKEN = ("张\x00三", "张\x07三", "张\u202e三", "张\u200b三", "张" * 10_000, "张\n三")


@pytest.fixture
def clerk(engine: Engine) -> Counter:
    office = open_office(engine)
    return Counter.of(open_door(office), office, "clerk")


def test_a_name_is_kept_and_shown_exactly(clerk: Counter) -> None:
    for name in NAMES:
        done = clerk.decide(
            "transfer-continuation", "accept", {"complete": "on", "genuine": "on"}, **{"applicant.name": name}
        )
        assert done.status_code == 303, (name, faults_of(done))
        number = done.headers["Location"].rpartition("/")[2]
        page = clerk.get(f"/cases/{number}").text
        with reading(clerk.office.engine) as session:
            kept = session.execute(select(CaseRow.applicant_name).where(CaseRow.number == number)).scalar_one()
            papers = select(PaperRow.kind, PaperRow.fields).join(CaseRow, CaseRow.id == PaperRow.case_id)
            kind, fields = session.execute(papers.where(CaseRow.number == number)).first() or ("", {})

        assert kept == name
        assert html.escape(name) in page
        assert html.escape(name) in render(kind, fields)


def test_what_cannot_be_shown_is_refused_with_a_sentence(clerk: Counter) -> None:
    for name in BROKEN:
        form = clerk.register_to(2, "transfer-continuation")
        page = clerk.send("/register", form | {"applicant.name": name, "go": "materials"})

        assert page.status_code == 422, name[:10]
        assert re.search(r"控制字符|不能超过", " ".join(faults_of(page))), name[:10]
