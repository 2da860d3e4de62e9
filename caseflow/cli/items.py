"""`caseflow items`: every published fact of the items, as a table or as the JSON other programs rely on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import click

from caseflow.catalogue import load_catalogue
from caseflow.cli.output import print_json, print_table
from caseflow.config import load_items_dir
from caseflow.rules.clock import Limit
from caseflow.rules.definition import WEEKDAYS
from caseflow.rules.item import CaseType, Item, ItemField, Material, MaterialOption, Reception, Situation, When
from caseflow.rules.words import limit_text


@click.command(help="列出事项：名称、时限、材料、条件，及已公布的其他内容。")
@click.option("--bureau", help="只列一个经办机构的事项")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def items(bureau: str | None, as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Print the items of one bureau or of all; an unknown bureau is refused."""
    catalogue = load_catalogue(load_items_dir(os.environ))
    bureaus = [catalogue.bureau(bureau).key] if bureau else list(catalogue.bureaus)
    found = [item for key in bureaus for item in catalogue.items_of(key)]
    if as_json:
        print_json([item_facts(item) for item in found])
    else:
        heads = ("机构", "事项", "名称", "类型", "承诺", "法定", "材料", "存疑")
        print_table(f"共 {len(found)} 项", heads, [_row(item) for item in found])


def item_facts(item: Item) -> dict[str, Any]:
    """The item as JSON: published wording as strings, what is not published null or empty."""
    return {
        "key": item.key,
        "bureau": item.bureau,
        "name": item.name,
        "code": item.code,
        "case_type": item.case_type.value,
        "flow": item.flow,
        **_limits(item),
        "legal_basis": list(item.legal_basis),
        "service_object": item.service_object,
        "channels": list(item.channels),
        "visits": item.visits,
        "online_depth": item.online_depth,
        "conditions": list(item.conditions),
        "conditions_mode": item.conditions_mode,
        "situations": [_situation(one) for one in item.situations],
        "materials": [_material(line) for line in item.materials],
        "fields": [_field(one) for one in item.fields],
        "phone": item.phone,
        "complaint_phone": item.complaint_phone,
        "place": item.place,
        "fee": item.fee,
        "hours": item.hours,
        "reception": [_reception(one) for one in item.reception] or None,
        "remarks": list(item.remarks),
        **_promises(item),
        "published": dict(item.published),
        "doubts": list(item.doubts),
    }


def _limits(item: Item) -> dict[str, Any]:
    limits = item.limits
    return {
        "statutory": _limit(limits.statutory),
        "promised": _limit(limits.promised),
        "notice_days": limits.notice,
        "supplement_days": limits.supplement,
        "extension_days": limits.extension,
        "assessment": _limit(limits.assessment),
        "on_notice_lapse": limits.on_notice_lapse,
        "stages": dict(limits.stages),
    }


def _limit(limit: Limit | None) -> dict[str, Any] | None:
    return None if limit is None else {"n": limit.n, "unit": limit.unit.value}


def _promises(item: Item) -> dict[str, Any]:
    commitment, deadline = item.commitment, item.applicant_deadline
    return {
        "commitment": commitment and {"text": commitment.text, "months": commitment.months},
        "applicant_deadline": deadline
        and {"text": deadline.text, "limit": _limit(deadline.limit), "since": deadline.since},
    }


def _when(when: When) -> dict[str, list[str]]:
    return {key: list(answers) for key, answers in when.items()}


def _situation(one: Situation) -> dict[str, Any]:
    options = [{"key": option.key, "text": option.text} for option in one.options]
    return {"key": one.key, "question": one.question, "options": options, "when": _when(one.when)}


def _material(line: Material) -> dict[str, Any]:
    return {
        "key": line.key,
        "name": line.name,
        "required": line.required.value,
        "any_of": list(line.any_of),
        "options": [_option(option) for option in line.options],
        "when": _when(line.when),
        "seal": line.seal,
        "seal_when": _when(line.seal_when),
        "form": line.form,
        "originals": line.originals,
        "copies": line.copies,
        "deferrable": line.deferrable,
        "deferrable_source": line.deferrable_source,
        "source": line.source,
        "note": line.note,
    }


def _option(option: MaterialOption) -> dict[str, Any]:
    return {
        "key": option.key,
        "text": option.text,
        "parts": list(option.parts),
        "when": _when(option.when),
        "commitment": option.commitment,
    }


def _field(one: ItemField) -> dict[str, Any]:
    return {
        "key": one.key,
        "label": one.label,
        "kind": one.kind.value,
        "required": one.required,
        "when": _when(one.when),
        "options": list(one.options),
    }


def _reception(one: Reception) -> dict[str, Any]:
    weekdays = [WEEKDAYS[day] for day in one.weekdays]
    return {"weekdays": weekdays, "opens": one.opens, "closes": one.closes, "season": one.season}


def _row(item: Item) -> tuple[str, ...]:
    kind: Mapping[CaseType, str] = {CaseType.IMMEDIATE: "即办件", CaseType.PROMISED: "承诺件"}
    return (
        item.bureau,
        item.key,
        item.name,
        kind[item.case_type],
        limit_text(item.limits.promised) or "—",
        limit_text(item.limits.statutory) or "—",
        str(len(item.materials)),
        str(len(item.doubts) or ""),
    )
