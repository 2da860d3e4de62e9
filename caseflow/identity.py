"""PURE. Identity numbers, telephones and codes: what is valid, what may be shown, and how names are searched."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Final

from pypinyin import Style, lazy_pinyin
from stdnum.cn import ric, uscc

from caseflow.errors import BadInput, Fault


class IdKind(StrEnum):
    """The kinds of proof of identity a window accepts; NONE stands for "none yet", such as a newborn."""

    RESIDENT_ID = "resident_id"
    HK_MO_TW_PERMIT = "hk_mo_tw_permit"
    FOREIGNER_PERMIT = "foreigner_permit"
    PASSPORT = "passport"
    HK_MO_PASS = "hk_mo_pass"  # noqa: S105 - a travel permit, no password
    TW_PASS = "tw_pass"  # noqa: S105 - a travel permit, no password
    BIRTH_CERTIFICATE = "birth_certificate"
    CREDIT_CODE = "credit_code"
    NONE = "none"


ID_KIND_NAMES: Final = {
    IdKind.RESIDENT_ID: "居民身份证",
    IdKind.HK_MO_TW_PERMIT: "港澳台居民居住证",
    IdKind.FOREIGNER_PERMIT: "外国人永久居留身份证",
    IdKind.PASSPORT: "护照",
    IdKind.HK_MO_PASS: "港澳居民来往内地通行证",
    IdKind.TW_PASS: "台湾居民来往大陆通行证",
    IdKind.BIRTH_CERTIFICATE: "出生医学证明",
    IdKind.CREDIT_CODE: "统一社会信用代码",
    IdKind.NONE: "暂无证件号码",
}


def _table(text: str) -> dict[str, str]:
    return dict(pair.split(" ") for pair in text.split(","))


# GB/T 2260, first two digits.
_PROVINCES: Final = _table(
    "11 北京市,12 天津市,13 河北省,14 山西省,15 内蒙古自治区,21 辽宁省,22 吉林省,23 黑龙江省,31 上海市,32 江苏省,"
    "33 浙江省,34 安徽省,35 福建省,36 江西省,37 山东省,41 河南省,42 湖北省,43 湖南省,44 广东省,"
    "45 广西壮族自治区,46 海南省,50 重庆市,51 四川省,52 贵州省,53 云南省,54 西藏自治区,61 陕西省,62 甘肃省,"
    "63 青海省,64 宁夏回族自治区,65 新疆维吾尔自治区,71 台湾省,81 香港特别行政区,82 澳门特别行政区,83 台湾省"
)

_CARD_LENGTH: Final = 18
_OLDEST_PERSON: Final = 150
_PERMIT_PREFIXES: Final = ("810000", "820000", "830000")
_CREDIT_CODE: Final = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE: Final = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})-?([2-9][0-9]{6,7})(?:-([0-9]{1,6}))?")

# Kinds whose shape is all that can be checked: pattern, and the sentence when it does not fit.
_SHAPES: Final = {
    IdKind.PASSPORT: (re.compile(r"(?=.*[0-9])[0-9A-Z]{5,20}"), "护照号码应为 5 至 20 位字母和数字"),
    IdKind.HK_MO_PASS: (re.compile(r"[HM][0-9]{8}([0-9]{2})?"), "应为 H 或 M 开头加 8 位数字（旧证 10 位数字）"),
    IdKind.TW_PASS: (re.compile(r"[0-9]{8}|[0-9]{10}[0-9A-Z]?"), "应为 8 位数字（旧证 10 位数字，可再加 1 位）"),
    IdKind.BIRTH_CERTIFICATE: (re.compile(r"[A-Z][0-9]{9}"), "出生医学证明编号应为 1 位字母加 9 位数字"),
}

_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_DOT: Final = re.compile("[·•‧・]")
_LEFT_OUT: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff\-\u2010-\u2015]")


def normalise(text: str) -> str:
    """The number as it is compared and stored: ASCII capitals and digits, without blanks and dashes."""
    return _LEFT_OUT.sub("", text.translate(_FULL_WIDTH)).upper()


def check_identity(kind: IdKind, number: str, *, today: date, place: str = "证件号码") -> str:
    """The normalised number; BadInput with every fault at `place`. A birth date after `today` is a fault.

    GB 11643 for resident cards and permits, GB 32100 for credit codes; the other kinds have a shape only.
    """
    plain = normalise(number)
    texts = _identity_faults(kind, plain, today)
    if texts:
        raise BadInput([Fault(place, text) for text in texts])
    return plain


def _identity_faults(kind: IdKind, number: str, today: date) -> list[str]:
    if kind is IdKind.NONE:
        return ["已选择“暂无证件号码”，此处不应填写"] if number else []
    if not number:
        return [f"请填写{ID_KIND_NAMES[kind]}号码"]
    if kind in _SHAPES:
        pattern, sentence = _SHAPES[kind]
        return [] if pattern.fullmatch(number) else [sentence]
    if kind is IdKind.CREDIT_CODE:
        return _credit_code_faults(number)
    if kind is IdKind.FOREIGNER_PERMIT:
        return _foreigner_faults(number, today)
    return _resident_faults(kind, number, today)


def _resident_faults(kind: IdKind, number: str, today: date) -> list[str]:
    if re.fullmatch(r"[0-9]{15}", number):
        return ["15 位的第一代身份证号码已停用，请填写 18 位号码"]
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return [f"应为 18 位，前 17 位为数字，末位为数字或 X；现为 {len(number)} 位"]
    return [*_area_faults(kind, number), *_card_faults(number, today)]


def _area_faults(kind: IdKind, number: str) -> list[str]:
    is_permit = number.startswith(_PERMIT_PREFIXES)
    if kind is IdKind.HK_MO_TW_PERMIT:
        return [] if is_permit else ["港澳台居民居住证号码应以 810000、820000 或 830000 开头"]
    if is_permit:
        return ["这是港澳台居民居住证号码，请把证件类型改为“港澳台居民居住证”"]
    return [] if number[:2] in _PROVINCES and number[:2] not in {"81", "82", "83"} else ["前两位不是任何省级区划代码"]


def _card_faults(number: str, today: date) -> list[str]:
    born = birth_date(number)
    faults = [] if number[-1] == ric.calc_check_digit(number) else ["末位校验码不符，请核对是否输错数字"]
    if born is None:
        return [f"出生日期 {number[6:14]} 不存在", *faults]
    if born > today:
        return [f"出生日期 {born.isoformat()} 晚于今天", *faults]
    return faults if born.year >= today.year - _OLDEST_PERSON else [f"出生日期 {born.isoformat()} 过早", *faults]


def _foreigner_faults(number: str, today: date) -> list[str]:
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", number):
        return []
    if not re.fullmatch(r"9[0-9]{16}[0-9X]", number):
        return ["应为 9 开头的 18 位号码，或旧证的 3 位字母加 12 位数字"]
    return _card_faults(number, today)


def _credit_code_faults(code: str) -> list[str]:
    # python-stdnum refuses letters among the first two characters, which GB 32100 allows (N2…: rural collectives).
    if not _CREDIT_CODE.fullmatch(code):
        shape = "应为 18 位数字和大写字母（不含 I、O、S、V、Z），第 3 至 8 位为数字"
        return [f"统一社会信用代码{shape}；现为 {len(code)} 位"]
    return [] if code[-1] == uscc.calc_check_digit(code[:17]) else ["统一社会信用代码末位校验码不符，请核对是否输错"]


def check_area_code31(code: str) -> tuple[str, ...]:
    """What is wrong with an 实施编码: of 31 or 33 characters it begins with a valid credit code; local shapes pass."""
    if len(code) not in {31, 33}:
        return ()
    return tuple(f"实施编码前 18 位：{text}" for text in _credit_code_faults(code[:18]))


def check_phone(text: str, *, place: str = "联系电话") -> str:
    """A mobile number of 11 digits, or a landline as `0993-6012345`, with `-12` for an extension; else BadInput."""
    plain = re.sub(r"[\s()]", "", text.translate(_FULL_WIDTH))
    plain = re.sub(r"^(\+|00)86-?", "", plain)
    if _MOBILE.fullmatch(plain.replace("-", "")):
        return plain.replace("-", "")
    if landline := _LANDLINE.fullmatch(plain):
        return "-".join(part for part in landline.groups() if part)
    raise BadInput([Fault(place, "应为 11 位手机号，或带区号的固定电话，如 0993-6012345")])


def birth_date(number: str) -> date | None:
    """The date of birth in an 18-character card number; None where it holds none."""
    digits = number[6:14]
    if len(number) != _CARD_LENGTH or not re.fullmatch(r"[0-9]{8}", digits):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def sex(number: str) -> str:
    """男 or 女 from the 17th digit of an 18-character card number (GB 11643); empty where it does not say."""
    if birth_date(number) is None or not re.fullmatch(r"[0-9]", number[16]):
        return ""
    return "男" if int(number[16]) % 2 else "女"


def age(number: str, today: date) -> int | None:
    """Completed years on `today`; None where the number holds no date of birth or a later one."""
    born = birth_date(number)
    if born is None or born > today:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def region(number: str) -> str:
    """The province the number was given out in; empty where it does not say. It is not where the person lives now."""
    if birth_date(number) is None or number.startswith("9"):
        return ""
    return _PROVINCES.get(number[:2], "")


def last_four(number: str) -> str:
    """The last four characters of the normalised number; fewer where it is shorter."""
    return normalise(number)[-4:]


# From this length on, so many characters stay at each end.
_SHOWN_AT_EACH_END: Final = ((12, 4), (8, 2), (4, 1), (0, 0))


def mask_number(number: str) -> str:
    """An identity or account number with its middle hidden: first and last four, less of short ones."""
    length = len(number)
    shown = next(count for least, count in _SHOWN_AT_EACH_END if length >= least)
    return number[:shown] + "*" * (length - 2 * shown) + number[length - shown :]


def mask_phone(phone: str) -> str:
    """139****5678; a landline keeps its area code and last four digits."""
    if _MOBILE.fullmatch(phone):
        return f"{phone[:3]}****{phone[-4:]}"
    if landline := _LANDLINE.fullmatch(phone):
        area, local, _ = landline.groups()
        return f"{area}-{'*' * (len(local) - 4)}{local[-4:]}"
    return mask_number(phone)


def mask_name(name: str, *, organisation: bool = False) -> str:
    """张*霈, 买买提·***, J***; the name of an organisation is public and stays."""
    plain = name.strip()
    if organisation or not plain:
        return plain
    if dot := _DOT.search(plain):
        return f"{plain[: dot.start()]}·***"
    if plain.isascii():
        return " ".join(f"{word[0]}***" for word in plain.split())
    return _mask_han(plain)


def _mask_han(name: str) -> str:
    if len(name) == 1:
        return "*"
    compound = name[:2] in _COMPOUND_SURNAMES and name[2:]
    surname, given = (name[:2], name[2:]) if compound else (name[:1], name[1:])
    return surname + "*" * max(1, len(given) - 1) + given[1:][-1:]


# Initials of surnames that are read otherwise than the everyday character.
_SURNAMES: Final = _table(
    "单 s,仇 q,朴 p,曾 z,翟 z,查 z,解 x,盖 g,乐 y,区 o,缪 m,员 y,种 c,秘 b,折 z,召 s,覃 q,谌 c,冼 x,佴 n,隗 w,"
    "祭 z,阚 k,会 g,藏 z,粘 n,莘 x,乜 n,繁 p,郇 x,句 g,尉 w,宁 n,盛 s,褚 c,任 r,纪 j,应 y,那 n,能 n,洗 x,黑 h,逄 p"
)

_COMPOUND_SURNAMES: Final = _table(
    "尉迟 yc,万俟 mq,长孙 zs,单于 cy,澹台 tt,鲜于 xy,令狐 lh,皇甫 hf,宇文 yw,司马 sm,欧阳 oy,诸葛 zg,上官 sg,"
    "公孙 gs,东方 df,慕容 mr,夏侯 xh,呼延 hy,赫连 hl,司徒 st,轩辕 xy,申屠 st,钟离 zl,南宫 ng,西门 xm,独孤 dg,"
    "百里 bl,东郭 dg,第五 dw,乐正 yz,拓跋 tb,亓官 qg,濮阳 py,淳于 cy,太史 ts,公冶 gy,宗政 zz,仲孙 zs,闾丘 lq,"
    "端木 dm,颛孙 zs,司空 sk,公羊 gy,左丘 zq,东门 dm,纳兰 nl"
)

_LONGEST_PERSONAL_NAME: Final = 4
"""A longer name without · is an organisation's or a title, and its first character is no surname."""


def initials(name: str) -> str:
    """Pinyin initials in lower case, surnames read as surnames; ASCII letters and digits stay, the unreadable goes."""
    plain = re.sub(r"\s", "", name.translate(_FULL_WIDTH))
    head = _surname_initials(plain)
    return head + "".join(lazy_pinyin(plain[len(head) :], style=Style.FIRST_LETTER, errors=_ascii_only))


def _surname_initials(name: str) -> str:
    """The initials of the surname where the table knows it, one per character; else nothing."""
    if _DOT.search(name) or not 1 < len(name) <= _LONGEST_PERSONAL_NAME:
        return ""
    return _COMPOUND_SURNAMES.get(name[:2]) or _SURNAMES.get(name[0], "")


def _ascii_only(unread: str) -> str:
    return re.sub(r"[^0-9a-z]", "", unread.lower())


_QUERY_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_QUERY_LENGTH: Final = 8


def query_code(random: Callable[[int], int]) -> str:
    """Eight characters without 0, O, 1 and I: 40 bits. `random(n)` gives 0 … n-1, such as secrets.randbelow."""
    return "".join(_QUERY_ALPHABET[random(len(_QUERY_ALPHABET))] for _ in range(_QUERY_LENGTH))


def case_number(area: str, department: str, day: date, source: int, serial: int) -> str:
    """办件编号 of 24 digits: area 6, department 3, day 8, source 1, serial 6; BadInput when a part does not fit."""
    parts = ((area, 6, "区划"), (department, 3, "部门"), (str(source), 1, "来源"), (f"{serial:06d}", 6, "流水号"))
    faults = [
        Fault("办件编号", f"{label}应为 {width} 位数字")
        for part, width, label in parts
        if not re.fullmatch(rf"[0-9]{{{width}}}", part)
    ]
    if faults:
        raise BadInput(faults)
    return f"{area}{department}{day:%Y%m%d}{source}{serial:06d}"
