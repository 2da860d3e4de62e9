"""One-time codes: the published vectors of RFC 6238 and RFC 4226, the drift allowed, and no code twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.rules.totp import (
    STEP_SECONDS,
    code_of,
    matching_step,
    secret_of,
    secret_text,
    step_at,
)

# RFC 6238, appendix B: the seed as long as the digest asks (errata 2866).
SEED = b"12345678901234567890"
SEEDS = {"sha1": SEED, "sha256": (SEED * 2)[:32], "sha512": (SEED * 4)[:64]}
RFC_6238 = [
    (59, "sha1", "94287082"),
    (59, "sha256", "46119246"),
    (59, "sha512", "90693936"),
    (1111111109, "sha1", "07081804"),
    (1111111109, "sha256", "68084774"),
    (1111111109, "sha512", "25091201"),
    (1111111111, "sha1", "14050471"),
    (1111111111, "sha256", "67062674"),
    (1111111111, "sha512", "99943326"),
    (1234567890, "sha1", "89005924"),
    (1234567890, "sha256", "91819424"),
    (1234567890, "sha512", "93441116"),
    (2000000000, "sha1", "69279037"),
    (2000000000, "sha256", "90698825"),
    (2000000000, "sha512", "38618901"),
    (20000000000, "sha1", "65353130"),
    (20000000000, "sha256", "77737706"),
    (20000000000, "sha512", "47863826"),
]
# RFC 4226, appendix D.
RFC_4226 = "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split()  # noqa: SIM905

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SECRETS = st.binary(min_size=20, max_size=20)


@pytest.mark.parametrize(("seconds", "digest", "code"), RFC_6238)
def test_the_vectors_of_rfc_6238(seconds: int, digest: str, code: str) -> None:
    step = step_at(datetime.fromtimestamp(seconds, UTC))

    assert code_of(SEEDS[digest], step, digits=8, digest=digest) == code


def test_the_vectors_of_rfc_4226() -> None:
    assert [code_of(SEED, n) for n in range(10)] == RFC_4226


@given(SECRETS, MOMENTS, st.integers(-5, 5))
def test_a_code_is_taken_within_one_step_and_never_beyond(secret: bytes, moment: datetime, off: int) -> None:
    step = step_at(moment) + off
    others = {code_of(secret, step_at(moment) + n) for n in range(-1, 2)}

    found = matching_step(secret, code_of(secret, step), moment, 0)

    assert (found is not None) == (abs(off) <= 1 or code_of(secret, step) in others)


@given(SECRETS, MOMENTS)
def test_a_code_once_taken_is_taken_no_more_nor_an_earlier_one(secret: bytes, moment: datetime) -> None:
    here = step_at(moment)
    taken = matching_step(secret, code_of(secret, here), moment, 0)
    assert taken is not None

    for off in range(-1, 1):
        again = matching_step(secret, code_of(secret, here + off), moment, taken)
        assert again is None or again > taken


@given(SECRETS, MOMENTS)
def test_what_the_clock_does_within_a_step_changes_nothing(secret: bytes, moment: datetime) -> None:
    start = moment - timedelta(seconds=moment.timestamp() % STEP_SECONDS)

    assert step_at(start + timedelta(seconds=STEP_SECONDS - 1)) == step_at(start + timedelta(seconds=1))
    assert step_at(start + timedelta(seconds=STEP_SECONDS + 1)) == step_at(start + timedelta(seconds=1)) + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "\ud800", "１２３４５６", "0" * 10_000])
def test_what_is_no_code_matches_nothing(code: str) -> None:
    assert matching_step(SEED, code, datetime.fromtimestamp(59, UTC), 0) is None


@given(st.binary(min_size=1, max_size=64))
def test_a_secret_comes_back_from_its_text(secret: bytes) -> None:
    text = secret_text(secret)

    assert secret_of(text) == secret
    assert "=" not in text


@pytest.mark.parametrize(("off", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_drift_and_not_two(off: int, taken: bool) -> None:
    moment = datetime.fromtimestamp(1111111111, UTC)

    assert (matching_step(SEED, code_of(SEED, step_at(moment) + off), moment, 0) is not None) is taken
