"""Requests of ours to addresses that people typed in: never into our own network, never longer than a few seconds.

A host is resolved once, every address it has must be public, and the connection goes to the very address that was
judged; so a name that answers differently a moment later (DNS rebinding) gains nothing. No redirect is followed, no
proxy of the environment is asked, and TLS names and verifies the host.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import DomainError

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 10.0
REPLY_BYTES = 64 * 1024
MAX_URL = 2000
# Of a host with many addresses so many are tried.
MAX_ADDRESSES = 4

# What `is_global` of some Python versions lets through: multicast, relays and translators into other networks,
# documentation. Of IPv6 only 2000::/3 is in use for hosts.
NEVER_V4 = [ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4")]
NEVER_V6 = [ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
HOSTS_V6 = ip_network("2000::/3")
NAT64 = ip_network("64:ff9b::/96")


class OutgoingError(DomainError):
    """It could not be asked, or did not answer.

    Codes: bad_url, private_address, unknown_host, unreachable, timeout, tls, bad_reply.
    """


@dataclass(frozen=True)
class Reply:
    """What came back. `body` is its first 64 KB, or what of it came in time; names of `headers` are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def check_url(url: str) -> SplitResult:
    """The parts of an address we may send to, as far as can be said without asking the network.

    https with a plain host, port 443 or one from 1024 on, no user, no fragment; http only where OUTGOING_NETWORKS names
    networks. Raises OutgoingError `bad_url`.
    """
    schemes = {"https", "http"} if settings.OUTGOING_NETWORKS else {"https"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    plain = url.isascii() and url.isprintable() and not any(letter in url for letter in " \"'<>\\^`{|}#")
    named = bool(host) and "@" not in parts.netloc and all(letter.isalnum() or letter in "-._:" for letter in host)
    usual = port is None or port == {"https": 443, "http": 80}.get(parts.scheme) or port >= 1024
    if parts.scheme not in schemes or not (plain and named and usual and len(url) <= MAX_URL):
        message = _(
            "Write a plain address that begins with https://, without a password or “#”, on port 443 or above 1023."
        )
        raise OutgoingError(message, "bad_url")
    return parts


def refuse_private(url: str) -> list[str]:
    """The addresses of the host of `url`, all of them public or in OUTGOING_NETWORKS. Asks the resolver.

    Raises OutgoingError: bad_url, unknown_host, private_address (one that is not public is enough).
    """
    parts = check_url(url)
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutgoingError(_("There is no host %(host)s.") % {"host": host}, "unknown_host") from None
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    allowed = [ip_network(text) for text in settings.OUTGOING_NETWORKS]
    ours = [is_in(address, allowed) for address in addresses]
    if not all(mine or is_public(address) for address, mine in zip(addresses, ours, strict=True)):
        message = _("%(host)s is inside a private network, and nothing is sent there.") % {"host": host}
        raise OutgoingError(message, "private_address")
    if parts.scheme == "http" and not all(ours):
        raise OutgoingError(_("To %(host)s only https is possible.") % {"host": host}, "bad_url")
    return addresses[:MAX_ADDRESSES]


def is_public(address: str) -> bool:
    """Whether `address` belongs to a host of the public internet; an IPv4 address inside IPv6 counts as what it is."""
    plain = _plain(address)
    if isinstance(plain, IPv4Address):
        return plain.is_global and not any(plain in network for network in NEVER_V4)
    return plain.is_global and plain in HOSTS_V6 and not any(plain in network for network in NEVER_V6)


def is_in(address: str, networks: list[IPv4Network | IPv6Network]) -> bool:
    plain = _plain(address)
    return any(plain in network for network in networks)


def _plain(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address)
    if isinstance(found, IPv6Address) and (found.ipv4_mapped or found in NAT64):
        return found.ipv4_mapped or IPv4Address(int(found) & 0xFFFFFFFF)
    return found


def post(url: str, *, body: bytes, headers: Mapping[str, str], seconds: float = TOTAL_SECONDS) -> Reply:
    """Sends `body` and returns the answer, whatever its status. All in all it takes `seconds` at most, beside what the
    system's resolver takes. Raises OutgoingError."""
    parts = check_url(url)
    addresses = refuse_private(url)
    deadline = time.monotonic() + seconds
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    wire = _connect(addresses, port, deadline)
    try:
        wire.settimeout(_left(deadline))
        if parts.scheme == "https":
            wire = _tls(ssl.get_default_verify_paths()).wrap_socket(wire, server_hostname=host)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return _ask(_Connection(host, port, parts.scheme, _Wire(wire, deadline)), path, body, headers)
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or str(error)
        raise OutgoingError(_("No safe connection: %(reason)s") % {"reason": reason}, "tls") from error
    except TimeoutError:
        raise OutgoingError(_("No answer within %(n)d seconds.") % {"n": seconds}, "timeout") from None
    except (http.client.HTTPException, ValueError) as error:
        said = {"reason": type(error).__name__}
        raise OutgoingError(_("What came back is not HTTP (%(reason)s).") % said, "bad_reply") from error
    except OSError as error:
        raise _unreachable(error) from error
    finally:
        wire.close()


def _connect(addresses: list[str], port: int, deadline: float) -> socket.socket:
    """A connection to the first address that takes one."""
    trouble: OSError = TimeoutError()
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=min(CONNECT_SECONDS, _left(deadline)))
        except OSError as error:
            trouble = error
    if isinstance(trouble, TimeoutError):
        raise OutgoingError(_("No connection within %(n)d seconds.") % {"n": CONNECT_SECONDS}, "timeout")
    raise _unreachable(trouble)


def _unreachable(error: OSError) -> OutgoingError:
    return OutgoingError(_("No connection: %(reason)s") % {"reason": error.strerror or error}, "unreachable")


def _left(deadline: float) -> float:
    """Seconds until then; TimeoutError when there are none (a timeout of 0 would mean not to wait at all)."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


@lru_cache(maxsize=1)
def _tls(paths: Any) -> ssl.SSLContext:
    """The system's authorities, or those of SSL_CERT_FILE; read once for each setting of `paths`."""
    return ssl.create_default_context()


def _ask(connection: _Connection, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    connection.request("POST", path, body=body, headers={**headers, "Connection": "close"})
    answer = connection.getresponse()
    said, kept = bytearray(), {name.lower(): value for name, value in answer.getheaders()}
    # The status has been said; a body that breaks off or does not end changes nothing about it.
    with suppress(OSError, http.client.HTTPException, ValueError):
        while len(said) < REPLY_BYTES and (more := answer.read1(REPLY_BYTES - len(said))):
            said += more
    return Reply(status=answer.status, headers=kept, body=bytes(said))


class _Connection(http.client.HTTPConnection):
    """HTTP over a connection that stands; `host` and `port` are only what the header Host says."""

    def __init__(self, host: str, port: int, scheme: str, wire: _Wire) -> None:
        super().__init__(host, port)
        self.default_port = 443 if scheme == "https" else 80
        self.auto_open = 0
        self.sock: Any = wire


class _Wire:
    """What http.client needs of a socket, with one deadline for everything: a server that sends a byte now and then
    would never run into a timeout that is counted anew for each."""

    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self.wire, self.deadline = wire, deadline

    def sendall(self, data: bytes) -> None:
        self.wire.settimeout(_left(self.deadline))
        self.wire.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self.wire, self.deadline))

    def close(self) -> None:
        """`post` closes it, when the body has been read."""


class _Incoming(io.RawIOBase):
    def __init__(self, wire: socket.socket, deadline: float) -> None:
        self.wire, self.deadline = wire, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.wire.settimeout(_left(self.deadline))
        return self.wire.recv_into(buffer)
