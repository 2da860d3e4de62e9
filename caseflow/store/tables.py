"""Every table there is: whoever needs the whole schema imports it from here; a new module of tables is named here."""

from __future__ import annotations

from caseflow.store import guards, keeping_models, models, office_models, request_keys, side_models, sign_in_models
from caseflow.store.base import Base

MODULES = (models, side_models, office_models, guards, sign_in_models, request_keys, keeping_models)

METADATA = Base.metadata
