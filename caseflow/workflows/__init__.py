"""The flows an item may name."""

from __future__ import annotations

from caseflow.workflows import designation, immediate, payment, standard

FLOWS = {flow.key: flow for flow in (immediate.FLOW, standard.FLOW, payment.FLOW, designation.FLOW)}
