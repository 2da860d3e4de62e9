"""People and organisations of the demo: made up, with names of all kinds and numbers that pass the real checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from caseflow.desk.intake import Party
from caseflow.errors import BadInput
from caseflow.identity import IdKind, check_identity

_AREAS: Final = {"shawan": ("654203", "654223", "659001"), "shuimogou": ("650105", "650102", "650104")}
_TOWNS: Final = {"shawan": "沙湾市", "shuimogou": "乌鲁木齐市水磨沟区"}

_SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓韩冯曹曾彭萧蔡潘田董袁于余单仇翟查"
_MALE: Final = ("建军", "志强", "伟", "国栋", "明亮", "海涛", "学文", "永红", "浩然", "子轩", "德胜", "新疆", "㼆")
_FEMALE: Final = ("秀英", "丽娟", "芳", "雪梅", "桂兰", "晓燕", "玉霞", "婷婷", "梓涵", "静", "红梅", "欣怡")
_COMPOUND: Final = ("欧阳", "司马", "上官", "尉迟")
_HUI: Final = "马哈白海米沙杨丁"

_UYGHUR_MALE: Final = (
    "买买提",
    "艾尔肯",
    "吐尔逊",
    "阿不都热合曼",
    "玉素甫",
    "依明",
    "卡德尔",
    "伊力哈木",
    "努尔买买提",
    "艾合买提",
)
_UYGHUR_FEMALE: Final = ("阿依古丽", "帕提古丽", "热依罕", "古丽巴哈尔", "迪丽努尔", "米热古丽", "祖丽胡玛尔")
_KAZAKH_MALE: Final = ("叶尔兰", "努尔兰", "哈孜别克", "巴合提", "胡安西", "木合亚提", "阿合买提江", "叶尔波力")
_KAZAKH_FEMALE: Final = ("古丽娜尔", "阿依努尔", "库丽孜拉", "巴哈尔古丽", "沙吾列", "加依娜")
_MONGOL: Final = ("巴音其其格", "其木格", "巴图", "道尔吉", "乌兰", "格日勒图")

_COMPANY_NAMES: Final = ("天润", "金穗", "绿洲", "昌达", "博格达", "丰盈", "瑞雪", "大漠", "安泰", "兴农", "天山红")
_TRADES: Final = (
    "商贸有限公司",
    "棉业有限责任公司",
    "建筑安装工程有限公司",
    "农业发展有限公司",
    "物业服务有限公司",
    "运输有限责任公司",
)
_PHARMACY_NAMES: Final = ("康民", "百草堂", "益寿", "仁和", "惠民", "同德", "健之源")
_CLINICS: Final = ("安康综合医院", "惠民中医诊所", "城北社区卫生服务站", "仁爱口腔门诊部", "康复医院", "博爱妇产医院")
HOSPITALS: Final = ("沙湾市人民医院", "塔城地区人民医院", "自治区人民医院", "石河子大学第一附属医院")
INSTITUTIONS: Final = (*HOSPITALS[:3], "沙湾市中医医院", "金沟河镇卫生院")
BANKS: Final = ("中国农业银行沙湾市支行", "新疆沙湾农村商业银行", "中国工商银行沙湾支行", "中国邮政储蓄银行沙湾市支行")

_CHECKS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person; `sex` is 男 or 女."""

    name: str
    sex: str
    id_number: str
    phone: str

    def party(self, *, relation: str = "", authorisation: str = "") -> Party:
        """As applicant, agent or person concerned."""
        return Party(self.name, IdKind.RESIDENT_ID, self.id_number, self.phone, relation, authorisation)


class Crowd:
    """Makes people up, the same ones for the same `Random`. No number was ever looked up anywhere."""

    def __init__(self, random: Random, today: date) -> None:
        self._random = random
        self._today = today
        self._kinds: tuple[Callable[[str], str], ...] = (
            self._han,
            self._han,
            self._uyghur,
            self._uyghur,
            self._kazakh,
            self._hui,
            self._rarer,
        )
        self._n = 0

    def person(self, bureau: str, *, sex: str = "", least: int = 20, most: int = 78) -> Person:
        """A person of an age between `least` and `most` years; kinds of names take turns."""
        sex = sex or self._random.choice("男女")
        name = self._kinds[self._n % len(self._kinds)](sex)
        self._n += 1
        born = self._today - timedelta(days=self._random.randint(least * 366, most * 365))
        return Person(name, sex, self._card(bureau, born, sex), self._phone())

    def newborn(self, born: date) -> Party:
        """A child with a 出生医学证明 or no number yet."""
        name = self._han(self._random.choice("男女"))
        if self._random.random() < 0.3:  # noqa: PLR2004 - about every third
            return Party(name, IdKind.NONE, "")
        return Party(name, IdKind.BIRTH_CERTIFICATE, f"{self._random.choice('STUVW')}65{born:%y}{self._digits(5)}")

    def company(self, bureau: str) -> Party:
        """An employer with a valid credit code."""
        name = f"{_TOWNS[bureau]}{self._random.choice(_COMPANY_NAMES)}{self._random.choice(_TRADES)}"
        return self._organisation(bureau, name, "91")

    def clinic(self, bureau: str) -> Party:
        """A medical institution with a valid credit code."""
        return self._organisation(bureau, f"{_TOWNS[bureau]}{self._random.choice(_CLINICS)}", "52")

    def pharmacy(self, bureau: str) -> Party:
        """A pharmacy with a valid credit code."""
        name = f"{_TOWNS[bureau]}{self._random.choice(_PHARMACY_NAMES)}大药房有限公司"
        return self._organisation(bureau, name, "91")

    def account(self) -> str:
        """A bank account of 19 digits."""
        return f"6228{self._digits(15)}"

    def _organisation(self, bureau: str, name: str, kind: str) -> Party:
        body = f"{kind}{self._random.choice(_AREAS[bureau])}MA{self._digits(6)}{self._random.choice('ABCDEFGH')}"
        code = _with_check(IdKind.CREDIT_CODE, body, self._today)
        return Party(name, IdKind.CREDIT_CODE, code, self._phone())

    def _card(self, bureau: str, born: date, sex: str) -> str:
        serial = self._random.randrange(10, 490) * 2 + (sex == "男")
        body = f"{self._random.choice(_AREAS[bureau])}{born:%Y%m%d}{serial:03d}"
        return _with_check(IdKind.RESIDENT_ID, body, self._today)

    def _phone(self) -> str:
        return f"{self._random.choice(('139', '138', '150', '177', '181', '199'))}0990{self._digits(4)}"

    def _digits(self, n: int) -> str:
        return f"{self._random.randrange(10**n):0{n}d}"

    def _given(self, sex: str) -> str:
        return self._random.choice(_MALE if sex == "男" else _FEMALE)

    def _han(self, sex: str) -> str:
        return self._random.choice(_SURNAMES) + self._given(sex)

    def _hui(self, sex: str) -> str:
        return self._random.choice(_HUI) + self._given(sex)

    def _uyghur(self, sex: str) -> str:
        given = self._random.choice(_UYGHUR_MALE if sex == "男" else _UYGHUR_FEMALE)
        return f"{given}·{self._random.choice([name for name in _UYGHUR_MALE if name != given])}"

    def _kazakh(self, sex: str) -> str:
        given = self._random.choice(_KAZAKH_MALE if sex == "男" else _KAZAKH_FEMALE)
        return f"{given}·{self._random.choice([name for name in _KAZAKH_MALE if name != given])}"

    def _rarer(self, sex: str) -> str:
        mongol = self._random.random() < 0.5  # noqa: PLR2004 - the other half have a surname of two characters
        return self._random.choice(_MONGOL) if mongol else self._random.choice(_COMPOUND) + self._given(sex)


def _with_check(kind: IdKind, body: str, today: date) -> str:
    """The number with the check character that the real rule accepts."""
    numbers = [f"{body}{one}" for one in _CHECKS]
    return next(number for number in numbers if _passes(kind, number, today))


def _passes(kind: IdKind, number: str, today: date) -> bool:
    try:
        check_identity(kind, number, today=today)
    except BadInput:
        return False
    return True
