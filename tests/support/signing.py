"""Signing in without a browser: the two transactions of a sign-in, and what a telephone would show."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from caseflow.desk import signing_in
from caseflow.desk.signing_in import SignIn
from caseflow.house import House
from caseflow.rules.totp import code_of, secret_of, step_at
from caseflow.store.db import writing


def enter(
    engine: Engine,
    house: House,
    number: str,
    password: str,
    at: datetime,
    *,
    address: str = "10.0.0.7",
    window: str = "",
) -> SignIn:
    """The first step, as the page takes it."""
    with writing(engine) as session:
        attempt = signing_in.count_attempt(session, house, number, address, at)
    if attempt.refused:
        return SignIn(None, attempt.refused)
    compared = attempt.compare(password)
    with writing(engine) as session:
        return signing_in.finish(session, house, attempt, compared, window, at)


def shown(secret: str, at: datetime) -> str:
    """The code an authenticator with this secret shows."""
    return code_of(secret_of(secret.replace(" ", "")), step_at(at))
