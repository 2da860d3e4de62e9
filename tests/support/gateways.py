"""Real servers on loopback that take messages, or misbehave as told: an SMTP server and a short-message gateway."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


@dataclass
class Posted:
    """What the gateway was sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """A short-message gateway: `status` is its answer; `raw` is sent in place of one; `delay` seconds before it."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    delay: float = 0.0
    posted: list[Posted] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def running_gateway(tls: ssl.SSLContext | None = None) -> Iterator[Gateway]:
    """A gateway on a free port of this machine."""
    gateway = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.posted.append(Posted(self.path, dict(self.headers), body))
            gateway.released.wait(gateway.delay)
            if gateway.raw:
                self.wfile.write(gateway.raw)
                return
            self.send_response(gateway.status)
            for name, value in gateway.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    gateway.url = f"{'https' if tls else 'http'}://{HOST}:{server.server_address[1]}/send?app=1"
    with _serving(server):
        yield gateway
        gateway.released.set()


@dataclass
class MailServer:
    """An SMTP server: it answers `answers[verb]` in place of its own words; `silent` verbs get no answer in time."""

    port: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)
    silent: str = ""
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def running_mail_server(tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> Iterator[MailServer]:
    """An SMTP server on a free port; with `tls` it offers STARTTLS, or speaks TLS at once."""
    state = MailServer()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            # A client that goes away, or refuses the certificate, ends its conversation only.
            with contextlib.suppress(OSError):
                conversation = _Conversation(self.request, state, tls, at_once=at_once)
                try:
                    conversation.run()
                finally:
                    conversation.file.close()
                    conversation.socket.close()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    server = Server((HOST, 0), Handler)
    state.port = server.server_address[1]
    with _serving(server):
        yield state
        state.released.set()


class _Conversation:
    """One SMTP session."""

    def __init__(
        self, connection: socket.socket, state: MailServer, tls: ssl.SSLContext | None, *, at_once: bool
    ) -> None:
        self.state, self.tls = state, tls
        self.secure = at_once and tls is not None
        self.socket = tls.wrap_socket(connection, server_side=True) if tls and at_once else connection
        self.file = self.socket.makefile("rb")

    def run(self) -> None:
        self._answer("greeting", b"220 mail.test ready")
        for line in self.file:
            verb = line.split()[0].upper().decode() if line.strip() else ""
            if verb == self.state.silent:
                self.state.released.wait(5)
                return
            getattr(self, f"_{verb.lower()}", self._unknown)(line)
            if verb == "QUIT":
                return

    def _answer(self, verb: str, usual: bytes) -> None:
        self.socket.sendall(self.state.answers.get(verb, usual) + b"\r\n")

    def _unknown(self, _line: bytes) -> None:
        self._answer("other", b"500 what")

    def _ehlo(self, _line: bytes) -> None:
        offers = [b"mail.test", *([b"STARTTLS"] if self.tls and not self.secure else []), b"AUTH PLAIN"]
        marks = [b"-"] * (len(offers) - 1) + [b" "]
        self._answer("EHLO", b"\r\n".join(b"250" + mark + offer for mark, offer in zip(marks, offers, strict=True)))

    def _starttls(self, _line: bytes) -> None:
        self._answer("STARTTLS", b"220 go on")
        assert self.tls is not None
        self.socket = self.tls.wrap_socket(self.socket, server_side=True)
        self.file, self.secure = self.socket.makefile("rb"), True
        self.run_secured()

    def run_secured(self) -> None:
        for line in self.file:
            verb = line.split()[0].upper().decode()
            getattr(self, f"_{verb.lower()}", self._unknown)(line)

    def _auth(self, line: bytes) -> None:
        self.state.logins.append(line.split()[-1].decode())
        self._answer("AUTH", b"235 welcome")

    def _mail(self, _line: bytes) -> None:
        self._answer("MAIL", b"250 ok")

    def _rcpt(self, line: bytes) -> None:
        self.state.recipients.append(line.decode().strip())
        self._answer("RCPT", b"250 ok")

    def _data(self, _line: bytes) -> None:
        self.socket.sendall(b"354 go on\r\n")
        lines = list(iter(self.file.readline, b".\r\n"))
        mail = message_from_bytes(b"".join(lines), policy=default)
        assert isinstance(mail, EmailMessage)
        self.state.mails.append(mail)
        self.state.encrypted.append(self.secure)
        self._answer("DATA", b"250 taken")

    def _rset(self, _line: bytes) -> None:
        self._answer("RSET", b"250 ok")

    def _quit(self, _line: bytes) -> None:
        self._answer("QUIT", b"221 bye")


@contextlib.contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.socket.close()


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server((HOST, 0)) as taken:
        return int(taken.getsockname()[1])


def make_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1, as the file a client trusts and as the server's context."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "caseflow test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / "ca.pem", folder / "key.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted, secret)
    return trusted, context
