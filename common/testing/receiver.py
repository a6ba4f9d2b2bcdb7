"""A real server of somebody else on this computer, for tests of what we send: it keeps requests, answers as told."""

from __future__ import annotations

import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes


def reply(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    """The bytes of an answer; of a header `retry_after` the name is Retry-After."""
    lines = [f"HTTP/1.1 {status} As told", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Receiver:
    """`answer` gets each request and returns the bytes to send, or an iterator of pieces."""

    def __init__(self, address: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Any] = lambda request: reply()
        self.closing = threading.Event()
        receiver = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    wire = tls.wrap_socket(self.request, server_side=True) if tls else self.request
                    receiver._serve(wire)
                    if tls:
                        wire.close()
                except OSError:
                    return

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server((address, port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def _serve(self, wire: Any) -> None:
        stream = wire.makefile("rb")
        line, headers = stream.readline().decode().strip(), {}
        while text := stream.readline().decode().strip():
            name, _colon, value = text.partition(":")
            headers[name.lower()] = value.strip()
        request = Request(line, headers, stream.read(int(headers.get("content-length", 0))))
        self.requests.append(request)
        told = self.answer(request)
        for piece in [told] if isinstance(told, bytes) else told:
            wire.sendall(piece)

    def drip(self, piece: bytes) -> Iterator[bytes]:
        """The piece again and again, 50 times a second, until the other side has gone."""
        while not self.closing.wait(0.02):
            yield piece

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def listening(*args: Any, **kwargs: Any) -> Iterator[Receiver]:
    receiver = Receiver(*args, **kwargs)
    try:
        yield receiver
    finally:
        receiver.close()


def make_certificate(folder: Path, *names: str) -> tuple[Path, ssl.SSLContext]:
    """An authority for SSL_CERT_FILE, and the context of a server that it vouches for under `names` (or addresses)."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
    root = _signed(issuer, issuer, authority, authority, x509.BasicConstraints(ca=True, path_length=0))
    leaf = _signed(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), issuer, key, authority,
        x509.SubjectAlternativeName([_name(name) for name in names]),
    )  # fmt: skip
    file, server = folder / "authority.pem", folder / "server.pem"
    file.write_bytes(root.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    server.write_bytes(leaf.public_bytes(Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    return file, context


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _signed(subject: x509.Name, issuer: x509.Name, key: Any, signer: Any, extension: Any) -> x509.Certificate:
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
    builder = builder.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=2))
    return builder.sign(signer, SHA256())
