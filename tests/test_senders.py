"""E-mail and short messages against real servers on this machine, friendly and not."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from caseflow.cli.sending import senders_of
from caseflow.config import Settings, load_settings
from caseflow.errors import BadInput
from caseflow.house import BEIJING
from caseflow.senders import SIGNATURE_HEADER, TIMESTAMP_HEADER, Message, NotSent, SmsGateway, SmtpSender, sign
from tests.support.gateways import (
    HOST,
    Gateway,
    MailServer,
    closed_port,
    make_certificate,
    running_gateway,
    running_mail_server,
)

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=BEIJING)
PHONE, ADDRESS = "13912345678", "office@example.cn"
SMS = Message("shawan-7", PHONE, "补正提醒", "请补齐材料，查询码 K7M2QX。")
MAIL = Message("shawan-8", ADDRESS, "办件期限提醒", "超承诺 2 件。")


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running_gateway() as found:
        yield found


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with running_mail_server() as found:
        yield found


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path)


def smtp(port: int, security: str = "none") -> SmtpSender:
    return SmtpSender(HOST, port, security, "caseflow@example.cn", timeout=2)


def cause(sender: SmtpSender | SmsGateway, message: Message) -> str:
    """Why it was not sent; the recipient is in no word of it."""
    with pytest.raises(NotSent) as caught:
        sender.send(message, NOW)
    assert message.to not in str(caught.value)
    return str(caught.value)


# --- the short-message gateway


def test_a_short_message_is_posted_as_json_under_its_stable_id(gateway: Gateway) -> None:
    SmsGateway(gateway.url, "secret").send(SMS, NOW)

    (posted,) = gateway.posted
    assert json.loads(posted.body) == {"id": "shawan-7", "to": PHONE, "text": SMS.text}
    assert posted.path == "/send?app=1"


def test_the_signature_covers_timestamp_and_body(gateway: Gateway) -> None:
    SmsGateway(gateway.url, "secret").send(SMS, NOW)

    (posted,) = gateway.posted
    stamp = posted.headers[TIMESTAMP_HEADER]
    assert stamp == str(int(NOW.timestamp()))
    assert posted.headers[SIGNATURE_HEADER] == sign("secret", stamp, posted.body)
    assert sign("secret", stamp, posted.body) != sign("other", stamp, posted.body)
    assert sign("secret", "0", posted.body) != sign("secret", stamp, posted.body) != sign("secret", stamp, b"{}")


def test_the_signature_is_the_published_one() -> None:
    assert sign("k", "1", b"{}") == "sha256=3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 503])
def test_any_answer_but_yes_is_a_failure_with_its_status(gateway: Gateway, status: int) -> None:
    gateway.status = status

    assert cause(SmsGateway(gateway.url, "secret"), SMS) == f"短信网关答复 {status}"


def test_no_redirect_is_followed(gateway: Gateway) -> None:
    with running_gateway() as elsewhere:
        gateway.status, gateway.headers = 307, {"Location": elsewhere.url}

        cause(SmsGateway(gateway.url, "secret"), SMS)

    assert elsewhere.posted == []


@pytest.mark.parametrize("raw", [b"garbage\r\n\r\n", b"\x00\xff" * 50_000, b"HTTP/1.1 abc nonsense\r\n\r\n"])
def test_garbage_is_no_yes(gateway: Gateway, raw: bytes) -> None:
    gateway.raw = raw

    assert "短信网关" in cause(SmsGateway(gateway.url, "secret"), SMS)


def test_a_gateway_that_does_not_answer_is_not_waited_for(gateway: Gateway) -> None:
    gateway.delay = 5

    assert cause(SmsGateway(gateway.url, "secret", timeout=0.2), SMS) == "短信网关没有按时答复"


def test_a_gateway_that_is_not_there_is_said_to_be_so() -> None:
    assert cause(SmsGateway(f"http://{HOST}:{closed_port()}/", "secret"), SMS) == "无法连接短信网关"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http:///x", "http://127.0.0.1:99999/"])
def test_only_http_and_https_are_spoken(url: str) -> None:
    assert cause(SmsGateway(url, "secret"), SMS)


def test_https_asks_for_a_certificate_it_trusts(certificate: tuple[Path, ssl.SSLContext]) -> None:
    trusted, context = certificate
    with running_gateway(context) as gateway:
        assert "证书" in cause(SmsGateway(gateway.url, "secret", timeout=2), SMS)

        SmsGateway(gateway.url, "secret", ca_file=trusted).send(SMS, NOW)

    assert len(gateway.posted) == 1


# --- e-mail


def test_a_mail_arrives_with_its_words_and_a_stable_id(mail_server: MailServer) -> None:
    smtp(mail_server.port).send(MAIL, NOW)

    (mail,) = mail_server.mails
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "办件期限提醒")
    assert mail.get_content().strip() == "超承诺 2 件。"
    assert mail["Message-ID"] == "<caseflow.shawan-8@example.cn>"


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_mail_is_encrypted_and_the_account_given_only_then(
    certificate: tuple[Path, ssl.SSLContext], security: str
) -> None:
    trusted, context = certificate
    with running_mail_server(context, at_once=security == "ssl") as server:
        sender = replace(smtp(server.port, security), user="u", password="p", ca_file=trusted)

        sender.send(MAIL, NOW)

    assert server.encrypted == [True]
    assert [base64.b64decode(login) for login in server.logins] == [b"\0u\0p"]


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_certificate_nobody_vouches_for_is_refused(certificate: tuple[Path, ssl.SSLContext], security: str) -> None:
    with running_mail_server(certificate[1], at_once=security == "ssl") as server:
        assert "证书" in cause(smtp(server.port, security), MAIL)

    assert server.mails == []


def test_a_server_without_starttls_gets_nothing(mail_server: MailServer) -> None:
    cause(smtp(mail_server.port, "starttls"), MAIL)

    assert mail_server.recipients == []


@pytest.mark.parametrize(
    ("verb", "answer", "said"),
    [
        ("greeting", b"421 busy", "邮件服务器答复 421"),
        ("RCPT", b"550 no such user office@example.cn", "邮件服务器拒绝收件地址"),
        ("DATA", b"451 try later", "邮件服务器答复 451"),
        ("greeting", b"\xff\xfe garbage", "邮件服务器"),
        ("greeting", b"x" * 100_000, "邮件服务器"),
        ("AUTH", b"535 wrong", "邮件服务器不接受账号或密码"),
    ],
)
def test_what_the_server_refuses_is_said(mail_server: MailServer, verb: str, answer: bytes, said: str) -> None:
    mail_server.answers[verb] = answer

    assert said in cause(replace(smtp(mail_server.port), user="u", password="p"), MAIL)


def test_a_server_that_does_not_answer_is_not_waited_for(mail_server: MailServer) -> None:
    mail_server.silent = "MAIL"

    assert cause(replace(smtp(mail_server.port), timeout=0.2), MAIL) == "邮件服务器没有按时答复"


@pytest.mark.parametrize("answer", [b"500 never", b"garbage"])
def test_a_mail_taken_over_is_sent_whatever_the_farewell(mail_server: MailServer, answer: bytes) -> None:
    mail_server.answers["QUIT"] = answer

    smtp(mail_server.port).send(MAIL, NOW)

    assert len(mail_server.mails) == 1


def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    assert cause(smtp(closed_port()), MAIL) == "无法连接邮件服务器"


@pytest.mark.parametrize("to", ["a@example.cn\r\nBcc: b@example.cn", "a@example.cn\n\n."])
def test_a_recipient_that_smuggles_a_line_is_refused(mail_server: MailServer, to: str) -> None:
    cause(smtp(mail_server.port), replace(MAIL, to=to))

    assert mail_server.mails == []


# --- the settings

KEY = {"CASEFLOW_MASTER_KEY": "a" * 43 + "="}


def settings(tmp_path: Path, **values: str) -> Settings:
    environ = {f"CASEFLOW_{key.upper()}": value for key, value in values.items()}
    return load_settings({**KEY, **environ}, tmp_path / "none.toml")


def test_without_settings_nothing_is_sent(tmp_path: Path) -> None:
    assert senders_of(settings(tmp_path)) == {}


def test_the_settings_make_a_sender_per_channel(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        smtp_host="mail.example.cn",
        smtp_from="a@example.cn",
        smtp_security="SSL",
        smtp_port="465",
        sms_url="https://sms.example.cn/send",
        sms_secret="s",
        send_timeout="5",
    )

    senders = senders_of(made)

    assert senders["email"] == SmtpSender("mail.example.cn", 465, "ssl", "a@example.cn", timeout=5)
    assert senders["sms"] == SmsGateway("https://sms.example.cn/send", "s", 5)
    assert "sms.example" not in repr(made)


def test_the_mailboxes_of_a_file_are_a_table_and_of_a_variable_pairs(tmp_path: Path) -> None:
    path = tmp_path / "caseflow.toml"
    mail = 'smtp_host = "m"\nsmtp_from = "a@example.cn"\n'
    path.write_text(f'{mail}[office_mail]\nshawan = "s@example.cn"\n', encoding="utf-8")
    variable = {"CASEFLOW_OFFICE_MAIL": "shawan=x@example.cn, shuimogou = y@example.cn"}

    assert load_settings(KEY, path).office_mail == {"shawan": "s@example.cn"}
    assert load_settings(KEY | variable, path).office_mail == {"shawan": "x@example.cn", "shuimogou": "y@example.cn"}


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"smtp_host": "m"}, "smtp_from"),
        ({"smtp_host": "m", "smtp_from": "a@b.cn", "smtp_user": "u"}, "smtp_password"),
        ({"smtp_user": "u", "smtp_password": "p", "smtp_security": "none"}, "smtp_security"),
        ({"sms_url": "https://x/"}, "sms_secret"),
        ({"sms_url": "ftp://x/", "sms_secret": "s"}, "SMS_URL"),
        ({"sms_url": "https://u:p@x/", "sms_secret": "s"}, "SMS_URL"),
        ({"sms_url": "https://x:abc/", "sms_secret": "s"}, "SMS_URL"),
        ({"sms_url": "https://x/\r\nA: b", "sms_secret": "s"}, "SMS_URL"),
        ({"office_mail": "shawan=a@b.cn"}, "smtp_host"),
        ({"office_mail": "shawan"}, "OFFICE_MAIL"),
        ({"smtp_from": "no address"}, "SMTP_FROM"),
        ({"smtp_security": "tls"}, "SMTP_SECURITY"),
        ({"send_timeout": "0"}, "SEND_TIMEOUT"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, values: dict[str, str], place: str) -> None:
    with pytest.raises(BadInput, match=place):
        settings(tmp_path, **values)
