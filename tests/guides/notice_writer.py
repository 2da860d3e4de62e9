"""Writes notices of days off in many layouts from known days, and spoils one character of a text."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from caseflow.rules.calendar import national_layer

WEEKDAYS = "一二三四五六日"
HAN = "〇一二三四五六七八九十"
NAMES = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")


@dataclass(frozen=True)
class Holiday:
    """One holiday as it is announced: its name, an unbroken stretch of days off, its make-up days."""

    name: str
    off: tuple[date, ...]
    work: tuple[date, ...] = ()


@dataclass(frozen=True)
class Style:
    """How a notice is put: every field one choice of `styles`."""

    number: Callable[[int], str]
    colon: str
    day: Callable[[date], str]
    range_sign: str
    weekday: str
    brackets: str
    off: str
    count: str
    work: str
    join: str
    frame: Callable[[int, Sequence[str]], str]


def span(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def national_year(year: int) -> list[Holiday]:
    """A published year's national holidays, weekends inside them filled, each with the make-up days nearest to it."""
    layer = [*national_layer(year - 1, year).entries] if year > 2007 else [*national_layer(year, year).entries]
    entries = [entry for entry in layer if entry.day >= date(year - 1, 12, 25) and "延长" not in entry.name]
    free = sorted(
        entry.day for entry in entries if entry.off and not (entry.day.year == year and entry.day.month == 12)
    )
    stretches: list[list[date]] = []
    for day in free:
        if stretches and all(one.weekday() > 4 for one in span(stretches[-1][-1], day)[1:-1]):
            stretches[-1] += span(stretches[-1][-1], day)[1:]
        else:
            stretches.append([day])
    for days in stretches:
        fill_weekends(days, {entry.day for entry in entries if not entry.off})
    work = [
        entry.day
        for entry in entries
        if not entry.off and not (entry.day.year == year and entry.day > date(year, 12, 20))
    ]
    named = {entry.day: entry.name for entry in entries}
    return [
        Holiday(name_of(days, named), tuple(days), tuple(day for day in work if nearest(day, stretches) is days))
        for days in stretches
    ]


def fill_weekends(days: list[date], worked: set[date]) -> None:
    """The weekend days that touch a stretch of several days belong to it."""
    while len(days) > 1 and (after := days[-1] + timedelta(days=1)).weekday() > 4 and after not in worked:
        days.append(after)
    while len(days) > 1 and (before := days[0] - timedelta(days=1)).weekday() > 4 and before not in worked:
        days.insert(0, before)


def nearest(day: date, stretches: Sequence[list[date]]) -> list[date]:
    return min(stretches, key=lambda days: min(abs((day - one).days) for one in days))


def name_of(days: Sequence[date], named: dict[date, str]) -> str:
    told = [part for day in days for part in named.get(day, "").replace("农历除夕", "春节").split("、")]
    return "、".join(dict.fromkeys(part for part in told if part in NAMES)) or "纪念日"


def regional(rng: random.Random, year: int) -> Holiday:
    """A festival of a region: one to seven days anywhere in the year, some with make-up days on the weekend before."""
    name = rng.choice(["火把节", "藏历新年", "雪顿节", "自治州成立纪念日", "彝族年", "州庆"])
    first = date(year, rng.randrange(2, 12), rng.randrange(1, 27))
    off = span(first, first + timedelta(days=rng.randrange(7)))
    saturday = first - timedelta(days=(first.weekday() - 5) % 7 or 7)
    return Holiday(name, off, (saturday,) if len(off) > 4 and saturday not in off and rng.random() < 0.6 else ())


NUMBERS: tuple[Callable[[int], str], ...] = (
    lambda n: f"{HAN[n]}、",
    lambda n: f"（{HAN[n]}）",
    lambda n: f"{n}．",
    lambda n: f"{n}、",
    lambda n: f"（{n}）",
    lambda _: "◆ ",
    lambda n: "①②③④⑤⑥⑦⑧⑨⑩"[n - 1],
    lambda _: "",
)


def styles(rng: random.Random) -> Style:
    """A style drawn by lot."""
    return Style(
        number=rng.choice(NUMBERS),
        colon=rng.choice(["：", ":", "：", "\n"]),
        day=rng.choice([plain, plain, plain, dated, full_width, in_han]),
        range_sign=rng.choice(["至", "至", "—", "－", "-", "~", "到", "——"]),
        weekday=rng.choice(["", "周", "星期", "星期", "礼拜"]),
        brackets=rng.choice(["（）", "()"]),
        off=rng.choice(["放假", "放假调休", "放假公休", "调休放假"]),
        count=rng.choice(["，共{}天", "，共计{}天", "{}天", "（共{}天）", "，共{han}天", ""]),
        work=rng.choice(["上班", "上班", "正常上班", "补班", "调休上班", "照常上班"]),
        join=rng.choice(["、", "、", "和", "，"]),
        frame=rng.choice([framed, framed, run_on, bare, wrapped, spaced]),
    )  # fmt: skip


def plain(day: date) -> str:
    return f"{day.month}月{day.day}日"


def dated(day: date) -> str:
    return f"{day.year}年{plain(day)}"


def full_width(day: date) -> str:
    return plain(day).translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})


def in_han(day: date) -> str:
    return f"{han(day.month)}月{han(day.day)}日"


def han(n: int) -> str:
    if n <= 10:
        return HAN[n]
    return ("" if n < 20 else HAN[n // 10]) + "十" + (HAN[n % 10] if n % 10 else "")


def told(style: Style, holiday: Holiday, rng: random.Random) -> str:
    """A holiday's sentences in a style."""
    first, last = holiday.off[0], holiday.off[-1]
    days = day_told(style, first)
    if last != first:
        brief = first.month == last.month and style.day in {plain, full_width, in_han} and rng.random() < 0.7
        days += style.range_sign + day_told(style, last, brief=brief)
    count = style.count.format(len(holiday.off), han=han(len(holiday.off)))
    sentences = [days + style.off + count]
    if holiday.work:
        sentences.append(style.join.join(day_told(style, day, always=True) for day in holiday.work) + style.work)
    return rng.choice(["。", "。", "；"]).join(sentences) + "。"


def day_told(style: Style, day: date, *, brief: bool = False, always: bool = False) -> str:
    text = dated(day) if day.year != day_year(style, day) else style.day(day)
    text = text.partition("月")[2] if brief else text
    word = style.weekday or ("星期" if always else "")
    return f"{text}{style.brackets[0]}{word}{WEEKDAYS[day.weekday()]}{style.brackets[1]}" if word else text


def day_year(style: Style, day: date) -> int:
    """December days belong to the next year's notice and are written with their year."""
    return day.year + (day.month == 12 and day.day > 20)


def write(year: int, holidays: Sequence[Holiday], rng: random.Random) -> str:
    """A whole notice in a style drawn by lot."""
    style = styles(rng)
    colon = style.colon if style.number(1) or style.colon != "\n" else "：\n"
    items = [f"{style.number(n)}{one.name}{colon}{told(style, one, rng)}" for n, one in enumerate(holidays, 1)]
    return style.frame(year, items)


def framed(year: int, items: Sequence[str]) -> str:
    body = "\n".join("    " + item for item in items)
    return (
        f"国务院办公厅关于{year}年部分节假日安排的通知\n国办发明电〔{year - 1}〕7号\n\n"
        "各省、自治区、直辖市人民政府，国务院各部委、各直属机构：\n"
        f"    经国务院批准，现将{year}年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节"
        "放假调休日期的具体安排通知如下。\n"
        f"{body}\n    节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。\n"
        f"    国务院办公厅\n    {year - 1}年11月4日\n（此件公开发布）\n"
    )


def run_on(year: int, items: Sequence[str]) -> str:
    return (
        f"关于{year}年节假日放假安排的通知\n现将{year}年放假安排通知如下："
        + "".join(items).replace("\n", "")
        + "特此通知。"
    )


def bare(year: int, items: Sequence[str]) -> str:
    return f"{year}年放假通知\n" + "\n".join(items)


def spaced(year: int, items: Sequence[str]) -> str:
    return framed(year, items).replace("月", "月 ").replace("（", " （")


def wrapped(year: int, items: Sequence[str]) -> str:
    """Lines cut at 34 characters, as a text taken out of a PDF."""
    lines = framed(year, items).split("\n")
    return "\n".join("\n".join(line[n : n + 34] for n in range(0, max(1, len(line)), 34)) for line in lines)


def spoil(text: str, rng: random.Random) -> str:
    """The text with one character wrong: a digit or a weekday changed, something lost, doubled, put in or swapped."""
    at = rng.choice([n for n, sign in enumerate(text) if sign.isdigit()] if rng.random() < 0.6 else range(len(text)))
    sign, rest = text[at], text[at + 1 :]
    changed = rng.choice("0123456789") if sign.isdigit() else rng.choice("一二三四五六日月至不年上班放假、，。（）0123")
    return text[:at] + rng.choice([changed, changed, changed, "", sign * 2, rng.choice("0123456789") + sign]) + rest
