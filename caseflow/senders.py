"""Messages to the outside: e-mail by SMTP, short messages by an HTTP gateway. One attempt each, or NotSent with why."""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as MAIL_POLICY
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import SplitResult, urlsplit

from caseflow.errors import CaseflowError

TIMESTAMP_HEADER: Final = "X-Caseflow-Timestamp"
SIGNATURE_HEADER: Final = "X-Caseflow-Signature"
_MOST_REPLY: Final = 64 * 1024
_GOOD: Final = range(200, 300)


class NotSent(CaseflowError):
    """The message was not taken over; the sentence names the cause, never the recipient or the words."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `key` is the same on every attempt, so that the other side can tell a repetition."""

    key: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


class Sender(Protocol):
    """A channel: returns where the other side took the message over, raises NotSent where it did not."""

    def send(self, message: Message, now: datetime) -> None:
        """Hand over one message."""


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """E-mail through one server; `security` is starttls, ssl or none, `timeout` seconds for each answer."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 10.0
    ca_file: Path | None = None

    def send(self, message: Message, now: datetime) -> None:
        """Hand the mail to the server; NotSent where it did not say yes to all of it."""
        try:
            mail = self._mail(message, now)
            client = self._connect()
            try:
                self._hand_over(client, mail)
            finally:
                client.close()
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise NotSent(_mail_sentence(error)) from error

    def _mail(self, message: Message, now: datetime) -> EmailMessage:
        mail = EmailMessage(policy=MAIL_POLICY)
        mail["From"], mail["To"], mail["Subject"] = self.sender, message.to, message.subject
        mail["Date"] = now
        mail["Message-ID"] = f"<caseflow.{message.key}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text, cte="base64")
        return mail

    @property
    def _domain(self) -> str:
        return self.sender.rpartition("@")[2]

    def _connect(self) -> smtplib.SMTP:
        # Without a name of its own, smtplib asks the name service for one, without a timeout.
        if self.security == "ssl":
            return smtplib.SMTP_SSL(
                self.host, self.port, self._domain, timeout=self.timeout, context=_context(self.ca_file)
            )
        return smtplib.SMTP(self.host, self.port, self._domain, timeout=self.timeout)

    def _hand_over(self, client: smtplib.SMTP, mail: EmailMessage) -> None:
        if self.security == "starttls":
            client.starttls(context=_context(self.ca_file))
        if self.user:
            client.login(self.user, self.password)
        client.send_message(mail)
        # The server has said yes: what goes wrong with the farewell must not send the mail again.
        with suppress(OSError, smtplib.SMTPException):
            client.quit()


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """Short messages by POST to a gateway, signed with a shared secret; no redirect is followed, only 2xx is a yes."""

    url: str = field(repr=False)
    secret: str = field(repr=False)
    timeout: float = 10.0
    ca_file: Path | None = None

    def send(self, message: Message, now: datetime) -> None:
        """POST {"id", "to", "text"} as JSON; NotSent unless the gateway answers 2xx."""
        body = json.dumps({"id": message.key, "to": message.to, "text": message.text}, ensure_ascii=False).encode()
        try:
            status = self._post(body, str(int(now.timestamp())))
        except (OSError, ValueError, HTTPException) as error:
            raise NotSent(_gateway_sentence(error)) from error
        if status not in _GOOD:
            raise NotSent(f"短信网关答复 {status}")

    def _post(self, body: bytes, stamp: str) -> int:
        parts = urlsplit(self.url)
        connection = self._connection(parts)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            TIMESTAMP_HEADER: stamp,
            SIGNATURE_HEADER: sign(self.secret, stamp, body),
        }
        try:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            answer = connection.getresponse()
            answer.read(_MOST_REPLY)
            return answer.status
        finally:
            connection.close()

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        if parts.scheme not in {"http", "https"} or parts.hostname is None:
            raise ValueError("neither http nor https")
        if parts.scheme == "http":
            return HTTPConnection(parts.hostname, parts.port, timeout=self.timeout)
        return HTTPSConnection(parts.hostname, parts.port, timeout=self.timeout, context=_context(self.ca_file))


def sign(secret: str, stamp: str, body: bytes) -> str:
    """What a gateway checks: "sha256=" and the hex HMAC-SHA-256 over timestamp (Unix seconds), "." and body."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates and host names are always checked; `ca_file` adds an office's own authority."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _mail_sentence(error: Exception) -> str:
    # Never str(error): a refused recipient stands in it.
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "邮件服务器不接受账号或密码"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "邮件服务器拒绝收件地址"
    if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code > 0:
        return f"邮件服务器答复 {error.smtp_code}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        # smtplib turns a silence into a disconnect, and keeps the silence as its context.
        return "邮件服务器没有按时答复" if isinstance(error.__context__, TimeoutError) else "邮件服务器中断了连接"
    if isinstance(error, smtplib.SMTPException | ValueError) and not isinstance(error, ssl.SSLError):
        return "邮件服务器的答复无法识别"
    return _line_sentence(error, "邮件服务器")


def _gateway_sentence(error: Exception) -> str:
    # http.client's own disconnect is an OSError as well: nothing came back.
    if isinstance(error, HTTPException | ValueError) and not isinstance(error, OSError):
        return "短信网关的答复无法识别"
    return _line_sentence(error, "短信网关")


def _line_sentence(error: Exception, whom: str) -> str:
    if isinstance(error, TimeoutError):
        return f"{whom}没有按时答复"
    if isinstance(error, ssl.SSLError):
        return f"与{whom}的加密连接不成立，请检查证书和加密方式"
    return f"无法连接{whom}"
