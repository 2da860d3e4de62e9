"""Applicants, agents and persons concerned: checked, sealed, stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from caseflow.errors import BadInput, Fault
from caseflow.house import House
from caseflow.identity import IdKind, check_identity, check_phone, initials, last_four
from caseflow.rules.entries import text_fault

LONGEST_NAME = 100
PART_TEXT = {"applicant": "申请人", "agent": "代办人", "concerned": "相关人员"}


@dataclass(frozen=True, slots=True)
class Party:
    """A person or organisation of a case; `relation` and `authorisation` are an agent's or a concerned person's."""

    name: str
    id_kind: IdKind
    id_number: str
    phone: str = ""
    relation: str = ""
    authorisation: str = ""


@dataclass(frozen=True, slots=True)
class CheckedParty:
    """A party whose every entry holds; the number is normalised."""

    part: str
    place: int
    party: Party

    def row(self, house: House, bureau: str, case_id: int) -> dict[str, Any]:
        """The row of the person: the number sealed, with its blind index and last four."""
        party = self.party
        return {
            "bureau": bureau,
            "case_id": case_id,
            "part": self.part,
            "place": self.place,
            "name": party.name,
            "initials": initials(party.name),
            "id_kind": party.id_kind.value,
            "id_sealed": house.keys.seal(party.id_number),
            "id_index": house.keys.index(party.id_number),
            "id_last4": last_four(party.id_number),
            "phone": party.phone,
            "relation": party.relation,
            "authorisation": party.authorisation,
        }


def check_parties(
    applicant: Party, agent: Party | None, concerned: Iterable[Party], today: date
) -> tuple[list[CheckedParty], list[Fault]]:
    """Every party checked, and every fault with the part it belongs to."""
    given = [("applicant", 1, applicant)]
    given += [("agent", 1, agent)] if agent is not None else []
    given += [("concerned", n, party) for n, party in enumerate(concerned, 1)]
    faults: list[Fault] = []
    checked = [CheckedParty(part, n, _check(party, _label(part, n), today, faults)) for part, n, party in given]
    return checked, faults


def _label(part: str, n: int) -> str:
    return f"{PART_TEXT[part]}{n}" if part == "concerned" else PART_TEXT[part]


def _check(party: Party, label: str, today: date, faults: list[Fault]) -> Party:
    name = party.name.strip()
    if not name:
        faults.append(Fault(f"{label}姓名", "请填写姓名或单位名称"))
    texts = (("姓名", name, LONGEST_NAME), ("关系", party.relation, 50), ("授权", party.authorisation, 200))
    found = (text_fault(f"{label}{what}", text, longest) for what, text, longest in texts)
    faults += [fault for fault in found if fault is not None]
    return Party(
        name,
        party.id_kind,
        _number(party, label, today, faults),
        _phone(party.phone, label, faults),
        party.relation.strip(),
        party.authorisation.strip(),
    )


def _number(party: Party, label: str, today: date, faults: list[Fault]) -> str:
    try:
        return check_identity(party.id_kind, party.id_number, today=today, place=f"{label}证件号码")
    except BadInput as error:
        faults += error.faults
        return ""


def _phone(phone: str, label: str, faults: list[Fault]) -> str:
    if not phone.strip():
        return ""
    try:
        return check_phone(phone, place=f"{label}联系电话")
    except BadInput as error:
        faults += error.faults
        return ""
