"""What the demo's applications are about: situation answers, materials, fields and statements that make sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from caseflow.cli.demo_people import BANKS, HOSPITALS, INSTITUTIONS, Crowd
from caseflow.rules.checklist import LineState, Mark, Receipt, check_materials
from caseflow.rules.item import Answers, FieldKind, Item, ItemField, MaterialOption, When, applies

_CITIES: Final = ("四川省成都市", "河南省郑州市", "陕西省西安市", "北京市朝阳区", "浙江省杭州市", "甘肃省兰州市")
_DISEASES: Final = ("高血压（3级极高危）", "2型糖尿病", "冠心病", "慢性阻塞性肺疾病", "类风湿关节炎", "脑血管病后遗症")
_FAULTS: Final = ("未加盖公章", "复印件不清晰", "姓名与身份证不一致", "填写不完整", "缺少签字")

_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "bank_name": BANKS,
    "hospital": HOSPITALS,
    "institution": INSTITUTIONS,
    "destination": _CITIES,
    "from_place": ("乌鲁木齐市", "石河子市", "奎屯市", "甘肃省张掖市"),
    "to_place": ("沙湾市",),
    "disease": _DISEASES,
    "procedure": ("宫内节育器取出术", "输卵管复通术", "宫内节育器放置术"),
    "employer": ("沙湾市天润商贸有限公司", "沙湾市第三中学", "沙湾市金穗棉业有限责任公司"),
    "premises": ("沙湾市世纪大道东路18号", "沙湾市乌鲁木齐西路102号", "沙湾市四道河子镇团结街6号"),
    "licence_number": ("PDY65420300365010512", "新CB9930126", "PDY65420300265420311"),
    "insurance_kinds": ("职工基本医疗保险、生育保险", "职工基本医疗保险、大额医疗补助、生育保险"),
    "nature_before": ("民办非企业单位",),
    "nature_after": ("有限责任公司",),
    "changed_item": ("联系电话", "联系地址", "单位名称", "开户银行"),
    "before": ("0993-6012233", "沙湾市三道河子镇", "沙湾市天润商店", "中国农业银行沙湾县支行"),
    "after": ("0993-6017731", "沙湾市世纪大道东路18号", "沙湾市天润商贸有限公司", "中国农业银行沙湾市支行"),
    "query_content": ("参保缴费明细", "缴费年限", "单位参保人员名册"),
}
_BEFORE: Final[Mapping[str, tuple[int, int]]] = {
    "admitted_on": (40, 50),
    "discharged_on": (10, 30),
    "birth_date": (10, 25),
    "expense_from": (120, 160),
    "expense_to": (20, 60),
    "established_on": (30, 400),
}
"""How many calendar days before the application such a date lies."""

_STATEMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "maternity-allowance": ("生育津贴",),
    "medical-institution-settlement": ("住院统筹基金结算", "门诊统筹基金结算"),
    "retail-pharmacy-settlement": ("个人账户结算", "门诊统筹购药结算"),
    "personal-account-withdrawal": ("个人账户余额",),
    "contribution-subsidy": ("个人缴费补贴",),
    "assistance-payment": ("医疗救助", "倾斜救助"),
    "medical-assistance-reimbursement": ("医疗救助",),
}
_AMOUNTS: Final = ("invoice_amount", "claimed_amount", "own_amount", "paid_amount")
_SMALL: Final = (800, 38_000)
_LARGE: Final = (90_000, 260_000)
_SHARE: Final = (60, 85)
"""What is paid, in per cent of what was claimed: small claims end below the threshold of 50 000, large ones above."""

_FEN: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Paperwork:
    """What the applicant brings: answers, complete receipts, fields."""

    answers: dict[str, str]
    receipts: dict[str, Receipt]
    fields: dict[str, str]


def paperwork(
    item: Item, random: Random, crowd: Crowd, on: date, *, large: bool = False, promised: bool = False
) -> Paperwork:
    """A complete and plausible application for the item, handed in on `on`.

    `large` is one of much money; `promised` meets a line by a signed promise where the item knows one.
    """
    line, option = _promise(item) if promised else ("", None)
    answers = _answers(item, random, {} if option is None else option.when)
    receipts = _receipts(item, answers, random)
    if option is not None:
        receipts[line] = replace(receipts[line], option=option.key)
    chosen = random.randrange(4)
    fields = {
        one.key: _field(one, random, crowd, on, chosen)
        for one in item.fields
        if applies(one.when, answers) is not False and _filled(one, random)
    }
    if large:
        fields |= {key: f"{random.randint(*_LARGE)}.00" for key in _AMOUNTS if key in fields}
    return Paperwork(answers, receipts, fields)


def _promise(item: Item) -> tuple[str, MaterialOption | None]:
    """The line that a signed promise may meet, and the alternative that is the promise."""
    found = ((line.key, option) for line in item.materials for option in line.options if option.commitment)
    return next(found, ("", None))


def _answers(item: Item, random: Random, wanted: When) -> dict[str, str]:
    answers: dict[str, str] = {}
    for question in item.situations:
        if applies(question.when, answers) is not False:
            answers[question.key] = random.choice(wanted.get(question.key) or [one.key for one in question.options])
    return answers


def _receipts(item: Item, answers: Answers, random: Random) -> dict[str, Receipt]:
    lines = check_materials(item, answers, {}).lines
    wanted = [line for line in lines if line.state is LineState.MISSING]
    return {
        line.material.key: Receipt(
            Mark.RECEIVED,
            random.choice(line.options).key,
            1 if line.material.originals is None else line.material.originals,
            line.material.copies or 0,
        )
        for line in wanted
    }


def spoiled(paper: Paperwork, random: Random) -> dict[str, Receipt]:
    """The same receipts with one line faulty and, where there are more than two, one missing."""
    keys = list(paper.receipts)
    random.shuffle(keys)
    changed = {keys[0]: faulty(random)}
    if len(keys) > 2:  # noqa: PLR2004 - one of two is left as it should be
        changed[keys[1]] = Receipt(Mark.MISSING)
    return {**paper.receipts, **changed}


def faulty(random: Random) -> Receipt:
    """A paper that is there and not as it should be."""
    return Receipt(Mark.FAULTY, originals=1, fault=random.choice(_FAULTS))


def deferred(paper: Paperwork, item: Item) -> dict[str, Receipt]:
    """The same receipts with the lines that may follow left for later."""
    later = {line.key for line in item.materials if line.deferrable}
    return {key: Receipt(Mark.DEFERRED) if key in later else held for key, held in paper.receipts.items()}


def _filled(one: ItemField, random: Random) -> bool:
    optional_and_rare = one.key in ("account_holder", "other_diseases", "end_date")
    return one.required or (not optional_and_rare and random.random() < 0.7)  # noqa: PLR2004 - most fill it in


def _field(one: ItemField, random: Random, crowd: Crowd, on: date, chosen: int) -> str:
    if one.kind is FieldKind.CHOICE:
        return random.choice(one.options)
    if one.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        texts = _TEXTS.get(one.key, ("见申请材料",))
        # What changed, before and after belong together.
        return texts[chosen % len(texts)]
    return _KINDS[one.kind](one, random, crowd, on)


def _date(one: ItemField, random: Random, _crowd: Crowd, on: date) -> str:
    if one.key == "start_date":
        return on.isoformat()
    least, most = _BEFORE.get(one.key, (5, 20))
    return (on - timedelta(days=random.randint(least, most))).isoformat()


def _month(one: ItemField, _random: Random, _crowd: Crowd, on: date) -> str:
    back = on.replace(day=1) - timedelta(days=330 if one.key == "query_from" else 1)
    return f"{back:%Y-%m}"


def _number(one: ItemField, random: Random, _crowd: Crowd, on: date) -> str:
    return str(on.year) if one.key == "year" else str(random.randint(3, 60))


def _money(one: ItemField, random: Random, _crowd: Crowd, _on: date) -> str:
    if one.key == "paid_amount":
        return "400.00"
    return f"{random.randint(*_SMALL)}.{random.randint(0, 99):02d}"


def _account(_one: ItemField, _random: Random, crowd: Crowd, _on: date) -> str:
    return crowd.account()


def _phone(_one: ItemField, random: Random, _crowd: Crowd, _on: date) -> str:
    return f"1390990{random.randrange(10_000):04d}"


_KINDS: Final[Mapping[FieldKind, Callable[[ItemField, Random, Crowd, date], str]]] = {
    FieldKind.DATE: _date,
    FieldKind.MONTH: _month,
    FieldKind.NUMBER: _number,
    FieldKind.MONEY: _money,
    FieldKind.ACCOUNT: _account,
    FieldKind.PHONE: _phone,
}


def statement(item_key: str, fields: Mapping[str, str], random: Random, *, large: bool) -> str:
    """A payment statement, one line per item: most of what was claimed, `large` above the bureaus' threshold."""
    labels = _STATEMENTS.get(item_key, ("统筹基金支付", "大病保险支付"))
    least, most = _LARGE if large else _SMALL
    claimed = next((Decimal(fields[key]) for key in _AMOUNTS if key in fields), Decimal(random.randint(least, most)))
    total = claimed * random.randint(*_SHARE) / 100
    first = (total * random.randint(65, 90) / 100).quantize(_FEN) if len(labels) > 1 else total.quantize(_FEN)
    amounts = (first, total.quantize(_FEN) - first)
    return "\n".join(f"{label} {amount}" for label, amount in zip(labels, amounts, strict=False))
