"""Numbers are right or refused with every reason; what is shown hides what it should; names are found by initials."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from caseflow.errors import BadInput
from caseflow.identity import (
    ID_KIND_NAMES,
    IdKind,
    age,
    birth_date,
    case_number,
    check_area_code31,
    check_identity,
    check_phone,
    initials,
    last_four,
    mask_name,
    mask_number,
    mask_phone,
    normalise,
    query_code,
    region,
    sex,
)

TODAY = date(2026, 5, 20)
CREDIT_CODE = "11650105MB1544747U"
CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def card(area: str, born: str, order: str) -> str:
    """A card number with the right check character."""
    body = f"{area}{born}{order}"
    return body + ric.calc_check_digit(body + "0")


def credit_code(body: str) -> str:
    return body + uscc.calc_check_digit(body)


def refused(kind: IdKind, number: str) -> str:
    """Every reason why the number is refused."""
    with pytest.raises(BadInput) as caught:
        check_identity(kind, number, today=TODAY)
    return str(caught.value)


births = st.dates(min_value=date(1900, 1, 1), max_value=TODAY)
resident_cards = st.builds(
    card,
    st.sampled_from(["654203", "654223", "650105", "659012", "110101", "310115"]),
    births.map(lambda day: day.strftime("%Y%m%d")),
    st.integers(0, 999).map(lambda n: f"{n:03d}"),
)


@given(resident_cards)
def test_a_right_resident_number_comes_back_as_it_was(number: str) -> None:
    assert check_identity(IdKind.RESIDENT_ID, number, today=TODAY) == number


@given(resident_cards, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: str, place: int, step: int) -> None:
    old = "10" if number[place] == "X" else number[place]
    new = str((int(old) + step) % 10)
    wrong = number[:place] + new + number[place + 1 :]

    assert "证件号码" in refused(IdKind.RESIDENT_ID, wrong)


@given(resident_cards)
def test_full_width_spaces_and_a_small_x_are_the_same_number(number: str) -> None:
    typed = " " + "".join(chr(ord(sign) + 0xFEE0) for sign in number[:6]) + "　" + number[6:].lower() + "\u200b"

    assert check_identity(IdKind.RESIDENT_ID, typed, today=TODAY) == number


@given(births, st.integers(0, 999))
def test_birth_date_sex_and_region_are_read_back(born: date, order: int) -> None:
    number = card("654203", born.strftime("%Y%m%d"), f"{order:03d}")

    assert birth_date(number) == born
    assert sex(number) == ("男" if order % 2 else "女")
    assert region(number) == "新疆维吾尔自治区"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("", "请填写居民身份证号码"),
        ("654203900101123", "15 位的第一代"),
        ("65420319900101123", "应为 18 位"),
        ("6542031990010112345", "应为 18 位"),
        ("65420X199001011234", "前 17 位为数字"),
        ("٦٥٤٢٠٣١٩٩٠٠١٠١١٢٣٤", "前 17 位为数字"),
        (card("990101", "19900101", "123"), "省级区划"),
        (card("654203", "19900231", "123"), "出生日期 19900231 不存在"),
        (card("654203", "20260521", "123"), "出生日期 2026-05-21 晚于今天"),
        (card("654203", "20990101", "123"), "晚于今天"),
        (card("654203", "18500101", "123"), "过早"),
        (card("810000", "19900101", "123"), "港澳台居民居住证"),
    ],
)
def test_a_wrong_resident_number_says_why(number: str, words: str) -> None:
    assert words in refused(IdKind.RESIDENT_ID, number)


def test_a_child_born_today_has_a_right_number() -> None:
    number = card("654203", "20260520", "018")

    assert check_identity(IdKind.RESIDENT_ID, number, today=TODAY) == number


def test_every_fault_of_a_number_is_named_at_once() -> None:
    reasons = refused(IdKind.RESIDENT_ID, "999999209913011230")

    assert "省级区划" in reasons
    assert "不存在" in reasons
    assert "校验码不符" in reasons


def test_the_fault_stands_at_the_field_that_was_named() -> None:
    with pytest.raises(BadInput) as caught:
        check_identity(IdKind.PASSPORT, "?", today=TODAY, place="代办人证件号码")

    assert [fault.place for fault in caught.value.faults] == ["代办人证件号码"]


@pytest.mark.parametrize("area", ["810000", "820000", "830000"])
def test_a_residence_permit_of_hong_kong_macao_and_taiwan_is_right(area: str) -> None:
    number = card(area, "19850228", "026")

    assert check_identity(IdKind.HK_MO_TW_PERMIT, number, today=TODAY) == number
    assert region(number) != ""


def test_a_resident_number_is_no_residence_permit() -> None:
    assert "810000" in refused(IdKind.HK_MO_TW_PERMIT, card("654203", "19900101", "123"))


RIGHT = [
    (IdKind.FOREIGNER_PERMIT, "CAN310086011704"),
    (IdKind.FOREIGNER_PERMIT, card("965840", "19790315", "011")),
    (IdKind.PASSPORT, "E12345678"),
    (IdKind.PASSPORT, "g1234567"),
    (IdKind.HK_MO_PASS, "H12345678"),
    (IdKind.HK_MO_PASS, "M1234567800"),
    (IdKind.TW_PASS, "12345678"),
    (IdKind.TW_PASS, "1234567890B"),
    (IdKind.BIRTH_CERTIFICATE, "T650123456"),
    (IdKind.CREDIT_CODE, CREDIT_CODE),
    (IdKind.CREDIT_CODE, credit_code("N2654203MF1234567")),
    (IdKind.NONE, ""),
    (IdKind.NONE, "  "),
]

WRONG = [
    (IdKind.FOREIGNER_PERMIT, "CA310086011704"),
    (IdKind.FOREIGNER_PERMIT, card("654203", "19790315", "011")),
    (IdKind.FOREIGNER_PERMIT, card("965840", "20790315", "011")),
    (IdKind.PASSPORT, "E123"),
    (IdKind.PASSPORT, "ABCDEFGH"),
    (IdKind.PASSPORT, "护照12345"),
    (IdKind.HK_MO_PASS, "C12345678"),
    (IdKind.HK_MO_PASS, "H1234567"),
    (IdKind.TW_PASS, "1234567"),
    (IdKind.TW_PASS, "12345678901B"),
    (IdKind.BIRTH_CERTIFICATE, "6501234567"),
    (IdKind.BIRTH_CERTIFICATE, "T65012345"),
    (IdKind.CREDIT_CODE, CREDIT_CODE[:-1] + "V"),
    (IdKind.CREDIT_CODE, CREDIT_CODE[:-1] + "W"),
    (IdKind.CREDIT_CODE, CREDIT_CODE[:-1]),
    (IdKind.CREDIT_CODE, "116501O5MB1544747U"),
    (IdKind.NONE, "E12345678"),
]


@pytest.mark.parametrize(("kind", "number"), RIGHT)
def test_a_right_number_of_each_kind_is_taken(kind: IdKind, number: str) -> None:
    assert check_identity(kind, number, today=TODAY) == normalise(number)


@pytest.mark.parametrize(("kind", "number"), WRONG)
def test_a_wrong_number_of_each_kind_is_refused(kind: IdKind, number: str) -> None:
    assert refused(kind, number)


def test_every_kind_has_a_name_and_both_sides_are_tested() -> None:
    checked = {kind for kind, _ in RIGHT} & {kind for kind, _ in WRONG}

    assert checked | {IdKind.RESIDENT_ID, IdKind.HK_MO_TW_PERMIT} == set(IdKind) == set(ID_KIND_NAMES)


@given(
    st.text(CREDIT_ALPHABET, min_size=2, max_size=2),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(CREDIT_ALPHABET, min_size=9, max_size=9),
)
def test_every_credit_code_with_its_check_character_is_taken(office: str, area: str, body: str) -> None:
    code = credit_code(office + area + body)

    assert check_identity(IdKind.CREDIT_CODE, code.lower(), today=TODAY) == code


@given(st.sampled_from(list(IdKind)), st.text(max_size=40))
def test_whatever_is_typed_is_taken_or_refused_but_never_breaks(kind: IdKind, typed: str) -> None:
    try:
        outcome = check_identity(kind, typed, today=TODAY)
    except BadInput as refusal:
        outcome = "".join(fault.text for fault in refusal.faults) or "no reason"

    assert outcome != "no reason"
    assert outcome.isascii() is False or outcome == normalise(typed)


@pytest.mark.parametrize(
    ("today", "years"),
    [(date(2026, 2, 28), 25), (date(2026, 3, 1), 26), (date(2000, 2, 29), 0), (date(2000, 2, 28), None)],
)
def test_age_is_in_completed_years(today: date, years: int | None) -> None:
    assert age(card("654203", "20000229", "123"), today) == years


def test_a_number_without_a_birth_date_tells_nothing_about_the_person() -> None:
    told = (birth_date("E12345678"), age("E12345678", TODAY), sex("E12345678"), region("E12345678"))

    assert told == (None, None, "", "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13912345678", "13912345678"),
        ("１３９ １２３４ ５６７８", "13912345678"),
        ("+86 139-1234-5678", "13912345678"),
        ("0993-6012345", "0993-6012345"),
        ("(0993)6012345", "0993-6012345"),
        ("01062345678", "010-62345678"),
        ("0993-6012345-12", "0993-6012345-12"),
    ],
)
def test_a_telephone_number_is_kept_in_one_shape(typed: str, kept: str) -> None:
    assert check_phone(typed) == kept
    assert check_phone(kept) == kept


@pytest.mark.parametrize("typed", ["", "12912345678", "1391234567", "139123456789", "6012345", "0993-1", "电话"])
def test_a_wrong_telephone_number_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(BadInput, match="联系电话"):
        check_phone(typed)


@pytest.mark.parametrize("code", [f"{CREDIT_CODE}4002036213000", f"{CREDIT_CODE}400203621300001", "6542-本地-17", ""])
def test_an_item_code_with_a_right_head_or_a_local_shape_passes(code: str) -> None:
    assert check_area_code31(code) == ()


def test_an_item_code_whose_credit_code_is_wrong_is_named() -> None:
    wrong = CREDIT_CODE[:-1] + "A" + "4002036213000"

    assert "校验码不符" in check_area_code31(wrong)[0]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("654223199001011234", "6542**********1234"),
        ("T650123456", "T6******56"),
        ("E1234", "E***4"),
        ("123", "***"),
        ("", ""),
    ],
)
def test_the_middle_of_a_number_is_hidden(number: str, shown: str) -> None:
    assert mask_number(number) == shown


@given(st.text("0123456789X", min_size=1, max_size=30))
def test_a_mask_keeps_the_length_and_hides_at_least_a_third(number: str) -> None:
    shown = mask_number(number)

    assert len(shown) == len(number)
    assert shown.count("*") * 3 >= len(number)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张霈", "张*"),
        ("张小霈", "张*霈"),
        ("欧阳修", "欧阳*"),
        ("欧阳小修", "欧阳*修"),
        ("欧阳", "欧*"),
        ("阿", "*"),
        ("买买提·艾合买提", "买买提·***"),
        ("买买提•艾合买提", "买买提·***"),
        ("John Smith", "J*** S***"),
        ("𠮷㼆", "𠮷*"),
        ("", ""),
    ],
)
def test_a_person_s_name_is_partly_hidden(name: str, shown: str) -> None:
    assert mask_name(name) == shown


def test_the_name_of_an_organisation_stays() -> None:
    assert mask_name("沙湾市某某商贸有限公司", organisation=True) == "沙湾市某某商贸有限公司"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("13912345678", "139****5678"), ("0993-6012345", "0993-***2345"), ("12393", "1***3")],
)
def test_the_middle_of_a_telephone_number_is_hidden(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


def test_the_last_four_are_compared_in_one_shape() -> None:
    assert last_four("6542 2319 9001 ０１２ｘ") == "012X"
    assert last_four("12") == "12"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("单雄信", "sxx"),
        ("仇英", "qy"),
        ("朴志", "pz"),
        ("曾国", "zg"),
        ("翟让", "zr"),
        ("查良", "zl"),
        ("解缙", "xj"),
        ("盖叫天", "gjt"),
        ("乐毅", "yy"),
        ("区大", "od"),
        ("缪希", "mx"),
        ("尉迟恭", "ycg"),
        ("万俟卨", "mqx"),
        ("长孙明", "zsm"),
        ("尉明", "wm"),
        ("买买提·艾合买提", "mmtahmt"),
        ("张㼆", "zy"),
        ("王A梅", "wam"),
        ("John Smith", "johnsmith"),
        ("ｊｏｈｎ", "john"),
        ("第101团", "d101t"),
        ("重庆路乐购公司", "cqllggs"),
        ("", ""),
    ],
)
def test_a_name_is_found_by_its_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@given(st.text(max_size=30))
def test_initials_are_plain_letters_and_digits_whatever_the_name(name: str) -> None:
    found = initials(name)

    assert found == "" or (found.isascii() and found.isalnum() and found == found.lower())


def test_a_case_number_has_its_five_parts_in_twenty_four_digits() -> None:
    number = case_number("654203", "036", date(2026, 5, 20), 1, 42)

    assert number == "654203036202605201000042"
    assert len(number) == 24


@pytest.mark.parametrize(
    ("area", "department", "source", "serial"),
    [
        ("65420", "036", 1, 1),
        ("654203", "36", 1, 1),
        ("654203", "036", 10, 1),
        ("654203", "036", 1, 10**6),
        ("654203", "036", 1, -1),
    ],
)
def test_a_part_that_does_not_fit_makes_no_case_number(area: str, department: str, source: int, serial: int) -> None:
    with pytest.raises(BadInput, match="办件编号"):
        case_number(area, department, TODAY, source, serial)


@given(st.data())
def test_a_query_code_has_no_sign_that_is_read_wrongly(data: st.DataObject) -> None:
    code = query_code(lambda n: data.draw(st.integers(0, n - 1)))

    assert len(code) == 8
    assert not set(code) & set("0O1I")
    assert code == normalise(code)
