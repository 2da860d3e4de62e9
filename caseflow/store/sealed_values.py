"""Every place where something sealed or keyed lies in the database: one list, read by the change of the master key.

A column of bytes that is missing here fails a test, as does a value that still opens with the old key afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import InstrumentedAttribute

from caseflow.store.keeping_models import MasterKeyRow, StoredFileRow
from caseflow.store.models import CaseRow, PersonRow
from caseflow.store.office_models import DraftRow
from caseflow.store.side_models import BrokenWordRow, OutboxRow, PublicAttemptRow
from caseflow.store.sign_in_models import SecondFactorRow, SignInTallyRow

Column = InstrumentedAttribute[Any]

SEALED: Final[Sequence[Column]] = (
    PersonRow.id_sealed,
    OutboxRow.to_sealed,
    DraftRow.sealed,
    SecondFactorRow.sealed,
    StoredFileRow.key_sealed,
    MasterKeyRow.chain_sealed,
)
"""Columns of sealed bytes."""

SEALED_INSIDE: Final[Sequence[Column]] = (CaseRow.fields,)
"""JSON columns whose values may be {"sealed": …} in Base64, beside what may be shown."""

FORGOTTEN: Final = "forgotten: such a count lives for some hours or days"

KEYED: Final[Mapping[Column, str]] = {
    PersonRow.id_index: "computed from the number that is sealed beside it",
    CaseRow.applicant_index: "that of the case's applicant",
    BrokenWordRow.id_index: "that of the person who had it",
    PublicAttemptRow.key: FORGOTTEN,
    SignInTallyRow.key: FORGOTTEN,
}
"""Columns of blind indexes, and where the new value comes from."""
