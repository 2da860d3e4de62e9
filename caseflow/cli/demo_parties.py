"""Who applies in the demo: a person, an employer, a hospital, a pharmacy, a newborn; alone or through an agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from caseflow.cli.demo_fields import Paperwork
from caseflow.cli.demo_people import Crowd, Person
from caseflow.desk.intake import Party
from caseflow.rules.item import Item

_HELPED = 0.15
"""The share of people for whom somebody else comes."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Everybody on one application."""

    applicant: Party
    agent: Party | None = None
    concerned: tuple[Party, ...] = ()


def parties(item: Item, paper: Paperwork, crowd: Crowd, random: Random) -> Parties:
    """The parties an application for this item would have."""
    if item.key == "newborn-enrolment":
        parent = crowd.person(item.bureau, least=22, most=42)
        child = crowd.newborn(date.fromisoformat(paper.fields["birth_date"]))
        return Parties(child, parent.party(relation="父亲" if parent.sex == "男" else "母亲"))
    organisation = _organisation(item, paper, crowd)
    if organisation is not None:
        agent = crowd.person(item.bureau, least=24, most=58)
        roster = _roster(crowd, item, random) if item.key == "employee-enrolment" else ()
        return Parties(organisation, agent.party(relation="经办人", authorisation="单位介绍信"), roster)
    person = _person(item, crowd)
    helped = paper.answers.get("reason") in ("death", "abandon-by-agent") or random.random() < _HELPED
    agent_party = crowd.person(item.bureau).party(relation="亲属", authorisation="委托书") if helped else None
    return Parties(person.party(), agent_party)


def _organisation(item: Item, paper: Paperwork, crowd: Crowd) -> Party | None:
    if item.key.startswith("medical-institution-"):
        return crowd.clinic(item.bureau)
    if item.key.startswith("retail-pharmacy-"):
        return crowd.pharmacy(item.bureau)
    if item.key.startswith("employer-") or paper.answers.get("person-kind") == "employed":
        return crowd.company(item.bureau)
    return None


def _roster(crowd: Crowd, item: Item, random: Random) -> tuple[Party, ...]:
    return tuple(crowd.person(item.bureau, most=55).party(relation="职工") for _ in range(random.randint(1, 3)))


def _person(item: Item, crowd: Crowd) -> Person:
    if item.key.startswith(("maternity-", "prenatal-")):
        return crowd.person(item.bureau, sex="女", least=21, most=42)
    if item.key.startswith(("retirement-", "resettled-")):
        return crowd.person(item.bureau, least=56, most=70)
    return crowd.person(item.bureau)
