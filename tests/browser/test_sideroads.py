"""The side roads through the pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from caseflow.desk.intake import CaseRef
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.past import CONSENTS
from tests.browser.windows import Windows, fill_registration, press, take
from tests.support.office import field_values
from tests.support.roads import ACCEPT, APPROVE, CHECK, CLOSE, HAND_OVER, PAY, SETTLE, SMALL

pytestmark = pytest.mark.browser

WHY = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "excluded": "不计入办理时限", "reason": "笔迹鉴定"}

SERVED = {"way": "直接送达", "served_on": "2026-03-02", "place": "3号窗口", "recipient": "张霈", "servers": "甲、乙"}
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)


def _walk(windows: Windows, key: str, *steps: tuple[str, str, dict[str, str]]) -> CaseRef:
    ref = windows.office.register(key)
    for by, action, details in steps:
        windows.office.act(ref, by, action, **details)
    return ref


def _quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def test_the_new_dates_are_shown_before_a_clock_is_stopped(windows: Windows) -> None:
    ref = _walk(windows, "transfer-continuation", ACCEPT)
    page = windows.open_case("clerk", ref.number)

    take(page, "suspend", **WHY)
    expect(page.locator("#wrong")).to_contain_text("承诺到期 2026-03-16 → 2026-03-24")
    assert windows.office.case(ref).record.state == "accepted"
    take(page, "suspend", **WHY)

    expect(page.locator("section.identity")).to_contain_text("停表（特别程序）")
    take(page, "resume", reason="鉴定完成")
    expect(page.locator("section.identity")).to_contain_text("已受理")
    _quiet(windows)


def test_more_time_is_asked_for_and_granted_by_another(windows: Windows) -> None:
    ref = _walk(windows, "transfer-continuation", ACCEPT)
    page = windows.open_case("clerk", ref.number)
    take(page, "ask_extension", days="3", reason="向参保地核实")
    take(page, "ask_extension", days="3", reason="向参保地核实")

    chief = windows.open_case("supervisor", ref.number)
    take(chief, "grant_extension", opinion="同意")
    take(chief, "grant_extension", opinion="同意")

    expect(chief.locator("main")).to_contain_text("延期办理通知书")
    assert windows.office.case(ref).record.extend == 3
    _quiet(windows)


def test_a_returned_payment_is_paid_again(windows: Windows) -> None:
    steps = (ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE, PAY)
    ref = _walk(windows, "inpatient-reimbursement", *steps)
    page = windows.open_case("cashier", ref.number)

    take(page, "return_payment", reason="户名不符")
    take(page, "pay_again", reference="ZF-2026-0002")

    expect(page.locator("main")).to_contain_text("ZF-2026-0002")
    _quiet(windows)


def test_a_result_is_served_and_corrected_later_with_consent(windows: Windows) -> None:
    ref = _walk(windows, "transfer-continuation", ACCEPT, HAND_OVER, APPROVE, CLOSE)
    page = windows.open_case("clerk", ref.number)
    number = re.search(r"沙医保结〔2026〕\d{6}号", page.locator("main").inner_text())
    assert number
    served = {
        "way": "直接送达",
        "served_on": "2026-03-02",
        "place": "3号窗口",
        "recipient": "张霈",
        "servers": "甲、乙",
    }
    take(page, "serve", paper_number=number[0], **served)
    expect(page.locator("main")).to_contain_text("送达回证")

    chief = windows.open_case("supervisor", ref.number)
    take(chief, "consent", kind=CONSENTS["late_correction"], reason="身份证核对")
    page.goto(f"{windows.address}/cases/{ref.number}/correct")
    page.fill("[name='change.applicant.name']", "张需")
    page.fill("[name=reason]", "录入错字")
    page.locator("main form button:not([type=button])").last.click()

    expect(page.locator("section.identity")).to_contain_text("张需")
    _quiet(windows)


def test_a_supplement_is_taken_in_and_accepted_in_one_go(windows: Windows) -> None:
    office = windows.office
    ref = office.register("transfer-continuation", receipts={"identity": Receipt(Mark.MISSING)})
    office.act(ref, "clerk", "supplement_notice")
    page = windows.open_case("clerk", ref.number)

    page.check("input[name='m.identity.mark'][value=received]")
    page.check("input[name=decision][value='supplement+accept']")
    for tick in ("complete", "genuine"):
        page.check(f"[name='need.accept.{tick}']")
    page.locator("#counter button[data-f9]").click()

    expect(page.locator("section.identity")).to_contain_text("已受理")
    _quiet(windows)


def test_everybody_follows_a_case_and_rates_it(windows: Windows) -> None:
    ref = _walk(windows, "transfer-continuation", ACCEPT, HAND_OVER, APPROVE, CLOSE)
    page = windows.browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN").new_page()
    page.goto(f"{windows.address}/progress")
    page.fill("[name=code]", ref.query_code)
    page.fill("[name=last_four]", "002X")
    press(page, "Enter")

    expect(page.locator("main")).to_contain_text("已办结")
    assert "张霈" not in page.content()
    page.check("input[name=grade][value='1']")
    page.locator("form button").last.click()
    page.wait_for_load_state("networkidle")

    assert set(windows.office.case(ref).facts.running) >= {"call_back", "rectify"}
    page.context.close()
    clerk = windows.open_case("clerk", ref.number)
    take(clerk, "call_back", text="已电话致歉")
    take(clerk, "rectify", text="已培训窗口人员")
    assert windows.office.history(ref)[-2:] == ["call_back", "rectify"]
    _quiet(windows)


def test_a_scan_is_added_and_handed_out(windows: Windows, tmp_path: Path) -> None:
    ref = _walk(windows, "transfer-continuation")
    scan = tmp_path / "身份证.pdf"
    scan.write_bytes(PDF)
    page = windows.open_case("clerk", ref.number)
    page.click("text=附件")
    page.select_option("[name=material]", index=1)
    page.set_input_files("input[type=file]", scan)
    page.locator("form[enctype] button").last.click()

    expect(page.locator("main")).to_contain_text("身份证.pdf")
    with page.expect_download() as handed:
        page.click("text=下载")
    assert handed.value.path().read_bytes() == scan.read_bytes()


def test_the_calendar_and_the_messages_open(windows: Windows) -> None:
    page = windows.of("clerk")
    for path, words in (("/calendar", "工作日历"), ("/messages", "消息")):
        page.goto(f"{windows.address}{path}")
        expect(page.locator("h1")).to_contain_text(words)
    _quiet(windows)


def test_a_wrong_item_is_carried_over_with_its_people(windows: Windows) -> None:
    ref = _walk(windows, "transfer-continuation")
    page = windows.open_case("clerk", ref.number)
    page.click("text=选错事项")
    page.select_option("select[name=item]", "temporary-registration")
    page.click("text=选定")
    for key, value in field_values(windows.office.item("temporary-registration"), {}).items():
        entry = page.locator(f"[name='f.{key}']")
        if entry.evaluate("node => node.tagName") == "SELECT":
            entry.select_option(value)
        else:
            entry.fill(value)
    page.fill("[name=reason]", "选错事项")
    page.click("text=转登记 F9")

    expect(page.locator("section.identity")).to_contain_text("其他临时外出就医人员备案")
    assert windows.office.case(ref).record.state == "withdrawn"
    _quiet(windows)


def test_a_promise_outlives_completion_and_is_kept_later(windows: Windows) -> None:
    office = windows.office
    item = office.item("long-term-residence")
    line = next(line for line in item.materials if any(option.commitment for option in line.options))
    promise = next(option for option in line.options if option.commitment)
    answers = {"region": promise.when["region"][0]}
    given = office.application(item.key, answers=answers).receipts
    receipts = {**given, line.key: Receipt(Mark.RECEIVED, promise.key, 1)}
    ref = office.register(item.key, answers=answers, receipts=receipts)
    ticks = dict.fromkeys(("complete", "genuine", "lawful", "conditions"), "on")
    office.act(ref, "clerk", "close_on_the_spot", **ticks, result="已备案")

    chief = windows.of("supervisor")
    chief.goto(f"{windows.address}/overdue?cause=promises")
    expect(chief.locator("main")).to_contain_text("异地长期居住人员备案")
    page = windows.open_case("clerk", ref.number)
    take(page, "keep_commitment", handed_in="居住证")

    assert "commitment" not in office.case(ref).facts.running
    _quiet(windows)


def test_a_line_is_deferred_at_the_counter_and_comes_in_later(windows: Windows) -> None:
    page = windows.of("clerk")
    fill_registration(page, windows.address, windows.office.item("deferral-case"))
    page.check("input[name='m.proof.mark'][value=deferred]")
    page.check("input[name=decision][value=accept_deferred]")
    for tick in ("genuine", "signed"):
        page.check(f"[name='need.accept_deferred.{tick}']")
    page.fill("[name='need.accept_deferred.defer_until']", "2026-03-10")
    page.click("button[name=go][value=submit]:visible:not(.first-submit)")
    expect(page.locator("main")).to_contain_text("容缺受理通知书")

    page.click("text=打开办件")
    form = page.locator("#act-receive_deferred")
    form.locator("summary").click()
    form.locator("[name='m.proof.mark']").check()
    form.locator("form button:not([type=button])").last.click()
    page.wait_for_load_state("networkidle")

    assert "相符" in page.locator("table", has_text="证明材料").inner_text()
    _quiet(windows)


def test_a_second_notice_waits_for_the_supervisors_consent(windows: Windows) -> None:
    office = windows.office
    given = {"form": Receipt(Mark.RECEIVED, "self", 1), "proof": Receipt(Mark.MISSING)}
    ref = office.register("deferral-case", receipts=given)
    office.act(ref, "clerk", "supplement_notice")
    office.act_on(ref, "clerk", "supplement", {}, receipts={"proof": Receipt(Mark.RECEIVED, "self", 1)})
    overlooked = {"form": Receipt(Mark.FAULTY, fault="没有签名")}
    office.act_on(ref, "clerk", "receive_material", {}, receipts=overlooked)
    page = windows.open_case("clerk", ref.number)

    page.check("input[name=decision][value=supplement_notice]")
    page.locator("#counter button[data-f9]").click()
    expect(page.locator("#wrong")).to_contain_text("上次告知时就可以指出")
    chief = windows.open_case("supervisor", ref.number)
    take(chief, "consent", kind=CONSENTS["second_notice"], reason="漏看签名")
    page = windows.open_case("clerk", ref.number)
    page.check("input[name=decision][value=supplement_notice]")
    page.locator("#counter button[data-f9]").click()

    expect(page.locator("section.identity")).to_contain_text("待补正")


def test_a_refused_institution_is_told_when_it_may_come_again(windows: Windows) -> None:
    office = windows.office
    ref = _walk(windows, "assessed", ACCEPT, HAND_OVER)
    page = windows.open_case("reviewer", ref.number)
    take(page, "refuse", failed="符合办理条件", opinion="评估得分未达标")
    expect(page.locator("section.identity")).to_contain_text("审核不通过")
    clerk = windows.open_case("clerk", ref.number)
    number = re.search(r"沙医保不通〔2026〕\d{6}号", clerk.locator("main").inner_text())
    assert number
    take(clerk, "serve", paper_number=number[0], **SERVED)

    fill_registration(clerk, windows.address, office.item("assessed"))
    clerk.check("input[name=decision][value=receive_only]")
    clerk.click("button[name=go][value=submit]:visible:not(.first-submit)")

    expect(clerk.locator("main")).to_contain_text("2026-06-02 起才能再次申请")
