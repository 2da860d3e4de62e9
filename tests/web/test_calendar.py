"""工作日历: everybody reads a year and tries a date; the administrator enters days in two steps."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from caseflow.desk.calendar_days import enter
from caseflow.house import BEIJING
from caseflow.rules.entered_days import Amendment, read_lines
from caseflow.store.db import reading
from caseflow.store.side_models import CalendarDayRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT
from tests.web.counter import Counter, Door

DAYS = "2026-03-09至2026-03-10 放假 大雪停工\r\n2026-03-14 上班 补班"
TYPED = {"layer": "shawan", "source": "沙湾市政府通告", "days": DAYS, "publishes": ""}


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine)


@pytest.fixture
def door(office: Office) -> Door:
    return Door.of(office)


@pytest.fixture
def administrator(door: Door) -> Counter:
    found: Counter = door.administrator
    return found


def rows(office: Office) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.count()).select_from(CalendarDayRow)).scalar_one()


def previewed(at: Counter, **typed: str) -> dict[str, str]:
    """The form of the confirmation that a preview leads to."""
    page = at.send("/calendar/preview", TYPED | typed)
    assert page.status_code == 200, page.text
    return at.fields(page, "/calendar/enter")


def test_a_year_shows_its_days_with_their_notices(door: Door) -> None:
    page = door.clerk.get("/calendar?layer=xj&year=2025").text

    assert "国务院办公厅关于2025年部分节假日安排的通知" in page
    assert "古尔邦节" in page
    assert "全年 244 个工作日" in page
    assert "程序自带" in page


def test_a_year_without_a_notice_is_flagged(door: Door) -> None:
    assert "国家放假安排尚未公布" in door.clerk.get("/calendar?year=2027").text
    assert "国家放假安排尚未公布" not in door.clerk.get("/calendar?year=2026").text


def test_a_due_date_is_tried_with_its_strip(door: Door) -> None:
    page = door.clerk.get("/calendar?layer=xj&from=2025-05-30&n=5&unit=working_day").text

    assert "<b>2025-06-12</b> 到期" in page
    assert "第 5 日" in page


@pytest.mark.parametrize("query", ["from=2025-02-30&n=5", "from=2025-05-30&n=x", "from=2035-12-30&n=99", "year=1999"])
def test_what_cannot_be_counted_is_said_on_the_page(door: Door, query: str) -> None:
    page = door.clerk.get(f"/calendar?{query}")

    assert page.status_code == 200
    assert "到期" not in page.text.partition('id="try"')[2].partition("</section>")[0].replace("试算到期日", "")


def tried(door: Door, **asked: str) -> str:
    """What the tester answers to everyone who is signed in."""
    page = door.clerk.client.get("/calendar", query_string={"layer": "cn", "unit": "working_day"} | asked)
    assert page.status_code == 200
    return str(page.text.partition('id="try"')[2].partition("</section>")[0])


@pytest.mark.parametrize(
    ("n", "pauses", "extend", "due"),
    [
        ("5", "", "", "2026-03-09"),
        ("5", "2026-03-06至2026-03-08", "", "2026-03-09"),
        ("5", "2026-03-02至2026-03-04", "", "2026-03-11"),
        ("5", "2026-03-05至2026-03-09；2026-03-03 至 2026-03-05", "", "2026-03-13"),
        ("5", "", "10", "2026-03-23"),
        ("10", "2026-03-18至2026-03-25", "", "2026-03-16"),
    ],
)
def test_pauses_and_an_extension_are_tried(door: Door, n: str, pauses: str, extend: str, due: str) -> None:
    answer = tried(door, **{"from": "2026-03-02"}, n=n, pauses=pauses, extend=extend)

    assert f"<b>{due}</b> 到期" in answer


def test_an_open_pause_has_no_date_and_shows_what_was_counted(door: Door) -> None:
    answer = tried(door, **{"from": "2026-03-02"}, n="5", pauses="2026-03-05至")

    assert "停表中，恢复后确定" in answer
    assert "停表前已计 3 个工作日" in answer
    assert "停表</li>" in answer


def test_the_strip_names_the_notice_behind_a_day_and_marks_what_is_provisional(door: Door) -> None:
    answer = tried(door, **{"from": "2026-12-25"}, n="10")

    assert "暂定" in answer
    assert "元旦" in answer


@pytest.mark.parametrize(
    "wrong",
    [
        {"pauses": "abc"},
        {"pauses": "2026-03-09至2026-03-05"},
        {"pauses": "2026-02-30至"},
        {"pauses": "；".join(["2026-03-05至2026-03-06"] * 21)},
        {"pauses": "x" * 601},
        {"pauses": "\x00"},
        {"extend": "-1"},
        {"extend": "101"},
        {"unit": "week"},
        {"n": "1001"},
        {"n": ""},
        {"from": ""},
        {"from": "0001-01-01"},
        {"from": "9999-12-31"},
    ],
)
def test_what_cannot_be_tried_is_said_beside_its_field(door: Door, wrong: dict[str, str]) -> None:
    answer = tried(door, **({"from": "2026-03-02", "n": "5", "pauses": "", "extend": ""} | wrong))

    assert "到期</p>" not in answer
    assert "<ol" not in answer
    assert 'class="field-error"' in answer or "unit" in wrong


def test_whether_each_window_is_open_is_shown_with_its_next_opening(door: Door) -> None:
    page = door.clerk.get("/calendar").text.partition('id="hours"')[2].partition("</section>")[0]

    assert "开门</span> 到 14:00" in page  # Monday 10:30
    assert "今天 16:00" in page
    assert "03-04 周三 16:00" in page  # the item received at a hospital, Wednesday to Friday


def test_another_bureaus_calendar_is_not_found(door: Door) -> None:
    assert door.clerk.get("/calendar?layer=shuimogou").status_code == 404


def test_the_preview_lists_old_and_new_and_writes_nothing(office: Office, administrator: Counter) -> None:
    ref = office.register("transfer-continuation")
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    page = administrator.send("/calendar/preview", TYPED).text

    assert "影响 1 件：旧 → 新" in page
    assert ref.number in page
    assert "2026-03-16" in page
    assert "2026-03-17" in page
    assert rows(office) == 0


def test_a_confirmation_enters_the_days_and_moves_the_cases(office: Office, administrator: Counter) -> None:
    ref = office.register("transfer-continuation")
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    form = previewed(administrator)

    done = administrator.send("/calendar/enter", form)

    assert (done.status_code, done.headers["Location"]) == (303, "/calendar?layer=shawan&year=2026")
    assert rows(office) == 3
    assert f"{office.case(ref).record.promised_due}" == "2026-03-17"
    page = administrator.get(done.headers["Location"]).text
    assert "已录入 3 天，1 件办件的日期已重算" in page
    assert "administrator shaw008" in page


def test_days_changed_after_the_preview_are_not_entered(office: Office, administrator: Counter) -> None:
    form = previewed(administrator)

    refused = administrator.send("/calendar/enter", form | {"days": "2026-03-11 放假 大雪"})

    assert refused.status_code == 409
    assert "请重新核对" in refused.text
    assert rows(office) == 0


def test_a_calendar_changed_after_the_preview_is_shown_again(office: Office, administrator: Counter) -> None:
    form = previewed(administrator)
    now = datetime(2026, 3, 2, 11, tzinfo=BEIJING)
    other = Amendment("cn", read_lines("2026-03-12 放假 全国", "通知"))
    enter(office.engine, office.house, office.staff["administrator"], other, now)

    refused = administrator.send("/calendar/enter", form)

    assert refused.status_code == 409
    assert "大雪停工" in refused.text
    assert rows(office) == 1


def test_without_a_preview_nothing_is_entered(office: Office, administrator: Counter) -> None:
    assert administrator.send("/calendar/enter", TYPED).status_code == 409
    assert rows(office) == 0


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"days": ""}, "请填写日子"),
        ({"days": "2026-03-09 休息"}, "第 1 行应写成"),
        ({"days": "2026-03-09 放假 甲\n2026-03-09 放假 乙"}, "写了两次"),
        ({"days": "2036-01-01 放假 元旦"}, "超出工作日历的范围"),
        ({"source": " "}, "请填写依据"),
        ({"layer": "mars"}, "没有日历层"),
        ({"publishes": "2028", "layer": "cn"}, "2027年的放假安排还没有录入"),
        ({"publishes": "abc"}, "公布的年份"),
    ],
)
def test_what_cannot_be_entered_is_said_beside_its_field(
    office: Office, administrator: Counter, typed: dict[str, str], reason: str
) -> None:
    page = administrator.send("/calendar/preview", TYPED | typed)

    assert page.status_code == 422
    assert reason in page.text
    assert rows(office) == 0


def test_a_name_with_markup_is_text(administrator: Counter) -> None:
    page = administrator.send("/calendar/preview", TYPED | {"days": "2026-03-09 放假 <script>x</script>"})

    assert "<script>x" not in page.text


NOTICE = "关于2026年大雪停工放假的通知\n3月9日（周一）至10日（周二）放假，共2天。3月14日（周六）上班。"


def pasted(at: Counter, notice: str = NOTICE, layer: str = "shawan", year: str = "") -> tuple[int, str]:
    page = at.send("/calendar/notice", {"layer": layer, "notice": notice, "notice_year": year})
    return page.status_code, page.text


def test_a_pasted_notice_fills_the_form_and_writes_nothing(office: Office, administrator: Counter) -> None:
    page = administrator.send("/calendar/notice", {"layer": "shawan", "notice": NOTICE, "notice_year": ""})

    form = administrator.fields(page, "/calendar/preview")
    assert page.status_code == 200
    assert "读出放假 2 天、调休上班 1 天" in page.text
    assert form["days"].splitlines() == ["2026-03-09至2026-03-10 放假 放假", "2026-03-14 上班 调休上班"]
    assert (form["layer"], form["source"], form["publishes"]) == ("shawan", NOTICE.splitlines()[0], "")
    assert rows(office) == 0


def test_what_was_read_is_previewed_and_entered(office: Office, administrator: Counter) -> None:
    ref = office.register("transfer-continuation")
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    page = administrator.send("/calendar/notice", {"layer": "shawan", "notice": NOTICE, "notice_year": ""})

    shown = administrator.send("/calendar/preview", administrator.fields(page, "/calendar/preview"))
    done = administrator.send("/calendar/enter", administrator.fields(shown, "/calendar/enter"))

    assert "影响 1 件：旧 → 新" in shown.text
    assert done.status_code == 303
    assert rows(office) == 3
    assert f"{office.case(ref).record.promised_due}" == "2026-03-17"


def test_what_is_unsure_is_shown_and_left_out(administrator: Counter) -> None:
    status, page = pasted(administrator, NOTICE.replace("周一", "周三"))

    assert status == 200
    assert "1 处没有把握" in page
    assert "按日历是周一" in page
    assert "2026-03-09至" not in page


def test_a_whole_national_year_is_offered_for_publication(administrator: Counter) -> None:
    text = (Path(__file__).parent.parent / "data" / "notices" / "cn-2026.txt").read_text(encoding="utf-8")
    page = administrator.send("/calendar/notice", {"layer": "cn", "notice": text, "notice_year": ""})

    assert administrator.fields(page, "/calendar/preview")["publishes"] == "2026"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({"notice": ""}, "请填写通知全文"),
        ({"notice": "停电通知\n5月6日停电。", "year": "2026"}, "不是可以读取的放假通知"),
        ({"notice": "关于放假的通知\n5月6日放假1天。"}, "请填写年份"),
        ({"year": "2025"}, "通知写的是 2026 年，指定的年份是 2025 年"),
        ({"year": "x"}, "通知的年份"),
        ({"notice": "放" * 20_001}, "不能超过 20000 字"),
    ],
)
def test_a_paste_that_cannot_be_read_is_said_beside_its_field(
    office: Office, administrator: Counter, typed: dict[str, str], reason: str
) -> None:
    status, page = pasted(administrator, **typed)

    assert status == 422
    assert reason in page
    assert rows(office) == 0


@pytest.mark.parametrize("role", ["clerk", "supervisor", "auditor"])
def test_others_read_only(door: Door, role: str) -> None:
    counter: Counter = getattr(door, role)

    assert 'action="/calendar/preview"' not in counter.get("/calendar").text
    assert counter.send("/calendar/preview", TYPED).status_code == 403
    assert counter.send("/calendar/enter", TYPED).status_code == 403
    assert counter.send("/calendar/notice", {"layer": "shawan", "notice": NOTICE}).status_code == 403
