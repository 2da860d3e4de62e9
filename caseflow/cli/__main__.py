"""`python -m caseflow.cli`: the same as `caseflow`."""

from __future__ import annotations

from caseflow.cli import main

main(prog_name="caseflow")
