"""The schema's history. It lies beside `caseflow` so that the wheel carries it and `caseflow init` can run it."""
