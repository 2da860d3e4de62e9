"""A notice of days off (放假通知) → the days it declares off and worked, its hours by season, and what is unsure. Pure.

Nothing contradictory is read: a passage whose weekdays, counts, glosses, dates or sums disagree with the calendar, the
law or each other gives no days and stands in `unsure` with the days it may concern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from caseflow.errors import BadInput, Fault
from caseflow.guides.notice_dates import Anchor, runs
from caseflow.guides.notice_festivals import names_in
from caseflow.guides.notice_passages import Passage, check, passages_of, sentences_of
from caseflow.guides.notice_seasons import SeasonRead, is_about_days, is_about_hours, read_seasons
from caseflow.guides.notice_text import regular
from caseflow.guides.notice_values import Doubt, Says

LONGEST: Final = 50_000
"""Characters a notice may have; the longest published has two thousand."""

_TITLE_LINES: Final = 12
_LONGEST_TITLE: Final = 80
_LONGEST_ISSUER: Final = 30
_PAPER: Final = re.compile(r"(?:通知|公告|通告|启事|函|方案|纪要|报道|说明)$")
_NO_TITLE: Final = re.compile(r"(?:紧急|重要)?(?:通知|公告|通告)")
_HOLIDAY_WORDS: Final = re.compile(
    r"放假|节假日|假期|假日|调休|休假|作息|上下班|工作时间|办公时间|上班|连休|安排的通知"
)
_OTHER_TOPIC: Final = re.compile(
    r"会议|培训|停电|停水|停气|检修|招聘|考试|演练|比赛|竞赛|活动|评选|申报|报送|采购|招标|体检|缴费|征集|值班|检查|免费通行|开学"
)
_GUIDE: Final = re.compile(
    r"设定依据|申请材料|办理材料|申报材料|受理条件|法定(?:办结)?时限|承诺(?:办结)?时限|办理流程|实施编码|办件类型"
)
_YEAR_NAMED: Final = re.compile(
    r"(?<!\d)(\d{4})年(?:度)?(?:全国|我[国区省市州县])?(?:部分|法定|全年)*(?:节假日|元旦|春节|清明|劳动节|五一|端午|中秋|国庆"
    r"|放假|假期|肉孜节|开斋节|古尔邦节|壮族三月三|三月三|藏历|雪顿节|火把节|彝族年|冬夏季|夏季作息|冬季作息)"
)
_YEAR_IN_TITLE: Final = re.compile(r"(?<!\d)(\d{4})年(?!\d)")


@dataclass(frozen=True, slots=True)
class HolidayNotice:
    """What was read: days off (weekend days inside ranges and restated national days included) and days worked."""

    year: int
    off: tuple[date, ...]
    work: tuple[date, ...]
    seasons: tuple[SeasonRead, ...] | None = None
    unsure: tuple[Doubt, ...] = ()
    title: str = ""
    names: Mapping[date, str] = field(default_factory=dict)


def read_notice(text: str, year: int) -> HolidayNotice:
    """The days of a notice; `year` is that of the dates without one. BadInput where the text is no such notice."""
    if len(text) > LONGEST:
        raise _refused(f"超过 {LONGEST} 字，不像放假通知")
    plain = regular(text)
    _refuse_other_papers(plain)
    named = _years(plain)
    if named and year not in named:
        raise _refused(f"通知写的是 {'、'.join(str(one) for one in named)} 年，指定的年份是 {year} 年")
    told = sentences_of(plain)
    hours = [one for one in told if is_about_hours(one)]
    passages = passages_of([one for one in told if is_about_days(one)], year)
    check(passages)
    seasons, doubts = read_seasons(hours, Anchor(year))
    notice = _drawn(year, passages, seasons, doubts, _title(plain))
    _refuse_no_notice(plain, notice)
    return notice


def years_named(text: str) -> tuple[int, ...]:
    """The years whose holidays a text says it is about, ascending; none where it names none."""
    return _years(regular(text[:LONGEST]))


def _years(plain: str) -> tuple[int, ...]:
    told = {*_YEAR_NAMED.findall(plain), *_YEAR_IN_TITLE.findall(_title(plain))}
    return tuple(sorted(int(one) for one in told))


def _refused(reason: str) -> BadInput:
    return BadInput([Fault("", f"不是可以读取的放假通知：{reason}")])


def _refuse_other_papers(plain: str) -> None:
    if not plain.strip():
        raise _refused("没有文字")
    if len(set(_GUIDE.findall(plain))) > 1:
        raise _refused("这是办事指南")
    title = _title(plain)
    festive = "节" in title or bool(names_in(title, headed=False))
    other = _OTHER_TOPIC.search(title) or ("关于" in title and not festive)
    if other and not _HOLIDAY_WORDS.search(title):
        raise _refused(f"标题是“{title[:40]}”")


def _title(plain: str) -> str:
    """The first line near the top that reads like a paper's title; "" where there is none, or only 通知."""
    lines = [line.strip() for line in plain.split("\n") if line.strip()][:_TITLE_LINES]
    for n, line in enumerate(lines):
        if len(line) <= _LONGEST_TITLE and _PAPER.search(line) and not _NO_TITLE.fullmatch(line):
            # 关于…… under a line that names who issues it.
            begun = lines[n - 1] if n and line.startswith("关于") and len(lines[n - 1]) < _LONGEST_ISSUER else ""
            return begun + line
    return ""


def _refuse_no_notice(plain: str, notice: HolidayNotice) -> None:
    if notice.off or notice.work or notice.seasons:
        return
    about = _HOLIDAY_WORDS.search(notice.title) or _YEAR_NAMED.search(plain)
    if not (notice.unsure and about):
        raise _refused("没有读出放假或上班的日子")


def _drawn(
    year: int, passages: Sequence[Passage], seasons: tuple[SeasonRead, ...], doubts: Sequence[Doubt], title: str
) -> HolidayNotice:
    """The certain passages together; a day told both ways goes to the one that speaks for its region, else unsure."""
    certain = [passage for passage in passages if not passage.doubts]
    off, work = _told(certain, Says.OFF), _told(certain, Says.WORK)
    both = off.keys() & work.keys()
    off_wins = {day for day in both if off[day] and not work[day]}
    work_wins = {day for day in both if work[day] and not off[day]}
    torn = both - off_wins - work_wins
    unsure = [*_doubts(passages), *doubts]
    if torn:
        days = tuple(sorted(torn))
        unsure.append(Doubt("、".join(day.isoformat() for day in days), "同一天既写放假又写上班", days))
    return HolidayNotice(
        year,
        tuple(sorted(off.keys() - work_wins - torn)),
        tuple(sorted(work.keys() - off_wins - torn)),
        seasons or None,
        tuple(unsure),
        title,
        {day: "、".join(one.names) or "放假" for one in certain for day in one.days(Says.OFF)},
    )


def _told(passages: Sequence[Passage], says: Says) -> dict[date, bool]:
    """Each day so told, and whether by a sentence that speaks over what it quotes."""
    found: dict[date, bool] = {}
    for statement in (one for passage in passages for one in passage.statements if one.says is says):
        for day in statement.days:
            found[day] = found.get(day, False) or statement.again
    return found


def _doubts(passages: Sequence[Passage]) -> Iterator[Doubt]:
    """Every doubt of a passage, the first with all days the passage would have given."""
    for passage in passages:
        given = {*passage.days(Says.OFF), *passage.days(Says.WORK)}
        for n, doubt in enumerate(passage.doubts):
            days = {*doubt.days, *given} if n == 0 else set(doubt.days)
            yield Doubt(doubt.text, doubt.reason, tuple(sorted(days)))


def announces_a_year(notice: HolidayNotice) -> bool:
    """Whether nothing is unsure and the holidays of a whole year are there, from 元旦 to 国庆节."""
    told = {name for names in notice.names.values() for name in names.split("、")}
    return not notice.unsure and {"元旦", "春节", "国庆节"} <= told


def lines_of(notice: HolidayNotice) -> str:
    """The days as the lines in which days are entered into the calendar, a stretch of one name a line."""
    groups: dict[str, list[date]] = {}
    for day in notice.off:
        groups.setdefault(notice.names.get(day, "放假"), []).append(day)
    lines = [(first, _line(first, last, f"放假 {name}")) for name, days in groups.items() for first, last in runs(days)]
    lines += [(day, _line(day, day, "上班 调休上班")) for day in notice.work]
    return "\n".join(line for _, line in sorted(lines))


def _line(first: date, last: date, told: str) -> str:
    span = first.isoformat() if first == last else f"{first.isoformat()}至{last.isoformat()}"
    return f"{span} {told}"
