"""The configuration: variables over the file, no default key, every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseflow.config import DEFAULT_DATABASE, Settings, load_items_dir, load_settings
from caseflow.errors import BadInput
from caseflow.house import House, new_master

KEY = "a" * 43 + "="
WITH_KEY = {"CASEFLOW_MASTER_KEY": KEY}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "caseflow.toml"


def refusal(environ: dict[str, str], path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load_settings(environ, path)
    return str(caught.value)


def test_without_a_key_the_sentence_says_what_to_run(file: Path) -> None:
    assert "caseflow init" in refusal({}, file)


def test_a_key_alone_is_enough(file: Path) -> None:
    settings = load_settings(WITH_KEY, file)

    assert settings == Settings(database_url=DEFAULT_DATABASE, master_key=KEY)


def test_the_file_is_read_and_variables_win(file: Path) -> None:
    file.write_text(f'master_key = "{KEY}"\nport = 8100\nhost = "10.0.0.5"\nsecure_cookies = false\n', encoding="utf-8")

    settings = load_settings({"CASEFLOW_PORT": "8200", "HOME": "/root"}, file)

    assert (settings.port, settings.host, settings.secure_cookies) == (8200, "10.0.0.5", False)


def test_the_items_of_a_file_lie_beside_it_and_those_of_a_variable_where_it_says(file: Path) -> None:
    file.write_text('items_dir = "own"\n', encoding="utf-8")

    assert load_items_dir({}, file) == file.parent / "own"
    assert load_items_dir({"CASEFLOW_ITEMS_DIR": "there"}, file) == Path("there")
    assert load_items_dir({}, file.with_name("none.toml")) is None


def test_every_fault_is_told_at_once(file: Path) -> None:
    file.write_text('port = 0\nthreads = true\nhost = ""\nsecure_cookies = "maybe"\nkey = 1\n', encoding="utf-8")

    said = refusal({"CASEFLOW_IDLE_MINUTES": "9" * 10_000, "CASEFLOW_DATABSE_URL": "x"}, file)

    for place in ("port", "threads", "host", "secure_cookies", "key", "CASEFLOW_IDLE_MINUTES", "CASEFLOW_DATABSE_URL"):
        assert f"{place}：" in said


@pytest.mark.parametrize(
    ("content", "words"), [(b"a =", "TOML"), (b"\xff\xfe", "UTF-8"), (b"port = 1\nport = 2\n", "TOML")]
)
def test_a_broken_file_is_a_sentence(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)

    assert words in refusal(WITH_KEY, file)


def test_a_folder_in_place_of_the_file_is_a_sentence(tmp_path: Path) -> None:
    assert "无法读取" in refusal(WITH_KEY, tmp_path)


@pytest.mark.parametrize("key", ["short", "不是密钥", KEY[:-5], "a" * 10_000])
def test_a_key_that_is_none_is_refused_when_the_house_opens(key: str) -> None:
    with pytest.raises(BadInput, match="密钥"):
        House.open(key)


def test_a_new_key_opens_a_house_and_is_never_the_same() -> None:
    one, other = new_master(), new_master()

    sealed = House.open(one).keys.seal("653121199001011234")

    assert House.open(one).keys.open(sealed) == "653121199001011234"
    assert one != other


def test_secrets_are_not_shown() -> None:
    settings = Settings(database_url="postgresql://u:secret@h/d", master_key=KEY)

    assert "secret" not in repr(settings)
    assert KEY not in repr(settings)


def test_the_cookie_secret_follows_the_key_and_is_not_the_key() -> None:
    one = Settings(database_url="x", master_key=KEY)

    assert one.cookie_secret == Settings(database_url="y", master_key=KEY).cookie_secret
    assert one.cookie_secret != Settings(database_url="x", master_key=KEY.lower()[1:]).cookie_secret
    assert KEY not in one.cookie_secret


def test_the_settings_of_signing_in_reach_the_house(file: Path) -> None:
    file.write_text(
        f'master_key = "{new_master()}"\nsecond_factor = ["supervisor", "security"]\npassword_policy = "gb22239"\n'
        'one_place = true\nadministrators = "three"\ntrusted_proxies = 2\n',
        encoding="utf-8",
    )

    settings = load_settings({"CASEFLOW_LOCK_MINUTES": "30", "CASEFLOW_SESSION_HOURS": "8"}, file)
    rules = House.open(settings.master_key, sign_in=settings.sign_in).sign_in

    assert rules.second_factor == {"supervisor", "security"}
    assert (rules.password_policy, rules.one_place, rules.administrators) == ("gb22239", True, "three")
    assert (rules.lock_minutes, rules.session_hours, rules.lock_failures) == (30, 8, 5)
    assert settings.trusted_proxies == 2


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("TRUSTED_PROXIES", 0, 5),
        ("SESSION_HOURS", 1, 24),
        ("LOCK_FAILURES", 3, 20),
        ("LOCK_MINUTES", 1, 1440),
        ("ADDRESS_FAILURES", 5, 1000),
        ("PASSWORD_LEAST", 8, 64),
    ],
)
def test_both_ends_of_every_number_of_signing_in(file: Path, name: str, least: int, most: int) -> None:
    for good in (least, most):
        assert getattr(load_settings(WITH_KEY | {f"CASEFLOW_{name}": str(good)}, file), name.lower()) == good
    for bad in (least - 1, most + 1):
        assert f"{least} 到 {most}" in refusal(WITH_KEY | {f"CASEFLOW_{name}": str(bad)}, file)


@pytest.mark.parametrize(
    ("name", "value"), [("PASSWORD_POLICY", "none"), ("ADMINISTRATORS", "two"), ("ONE_PLACE", "maybe")]
)
def test_a_word_there_is_not_is_refused(file: Path, name: str, value: str) -> None:
    assert f"CASEFLOW_{name}" in refusal(WITH_KEY | {f"CASEFLOW_{name}": value}, file)


def test_a_second_factor_for_a_role_there_is_not_is_refused_when_the_house_opens(file: Path) -> None:
    settings = load_settings(WITH_KEY | {"CASEFLOW_SECOND_FACTOR": "supervisor, king"}, file)

    with pytest.raises(BadInput, match="没有角色 king"):
        House.open(new_master(), sign_in=settings.sign_in)
