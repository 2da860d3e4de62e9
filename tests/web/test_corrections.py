from __future__ import annotations

import pytest

from caseflow.desk.correcting import correct
from caseflow.store.db import writing
from tests.support.office import Office
from tests.support.roads import ACCEPT
from tests.web.counter import Door

TRANSFER = "transfer-continuation"


@pytest.fixture
def door(office: Office) -> Door:
    return Door.of(office)


def test_the_list_of_corrections_shows_old_and_new_with_numbers_masked(door: Door, office: Office) -> None:
    ref = office.register(TRANSFER)
    changes = {"applicant.name": "张需", "applicant.id_kind": "passport", "applicant.id_number": "E12345678"}
    with writing(office.engine) as session:
        correct(session, office.house, office.staff["clerk"], ref.id, 1, changes, "录入错字", office.now)
    wrong = office.register(TRANSFER)
    office.act(wrong, "clerk", "withdraw", kind="录入错误", reason="选错事项")
    wish = office.register(TRANSFER)
    office.act(wish, "clerk", "withdraw", kind="申请人撤回", reason="本人要求")

    page = door.supervisor.get("/corrections").text

    assert "张霈 → 张需" in page
    assert "录入错误撤回" in page
    assert "本人要求" not in page
    assert "E12345678" not in page


@pytest.mark.parametrize("who", ["clerk", "administrator"])
def test_the_list_is_for_supervisors_and_auditors(door: Door, who: str) -> None:
    assert getattr(door, who).get("/corrections").status_code == 403


@pytest.mark.parametrize("token", ["0", "x", "9" * 40, "1 OR 1=1"])
def test_a_page_that_is_none_is_refused(door: Door, token: str) -> None:
    assert door.supervisor.get("/corrections").status_code == 200
    assert door.supervisor.get(f"/corrections?before={token}").status_code == 422


def test_a_case_stopped_twice_says_so_in_the_lists(door: Door, office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    for _ in range(2):
        office.act(ref, "clerk", "suspend", kind="鉴定", basis="第四十五条", days="5", reason="鉴定")
        office.sleep(1)
        office.act(ref, "clerk", "resume", reason="完成")

    assert "停表2次" in door.clerk.get("/").text
