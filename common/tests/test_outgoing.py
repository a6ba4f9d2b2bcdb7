"""Into our own network nothing is sent, however often a name changes its mind; and no request takes long."""

import socket
import time
from ipaddress import ip_network

import pytest

from common import outgoing
from common.outgoing import OutgoingError, check_url, is_in, is_public, post, refuse_private
from common.testing.receiver import listening, make_certificate, reply

PRIVATE = """
127.0.0.1 127.8.8.8 10.0.0.1 172.16.0.1 172.31.255.254 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 192.0.0.9
192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
:: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12:3456::1 fec0::1 ff02::1 ff0e::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1
::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::a00:1 2002:7f00:1::1
2002:808:808::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1 2001:20::1 3fff::1 5f00::1 100::1
"""
PUBLIC = """
8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 192.167.255.255 100.63.0.1 100.128.0.1 223.255.255.254 2606:4700::1111
2001:4860:4860::8888 2a00:1450:4001::1 ::ffff:8.8.8.8 64:ff9b::808:808
"""
BAD_URLS = r"""
http://hooks.example/ ftp://hooks.example/ hooks.example //hooks.example/x https:// https:///x
https://user@hooks.example/
https://user:word@hooks.example/ https://hooks.example/#part https://hooks.example:22/ https://hooks.example:80/
https://hooks.example:0/ https://hooks.example:1023/ https://hooks.example:99999/ https://hooks.example:port/
https://hooks.example\@10.0.0.1/ https://hö.example/ https://a%2eb/ https://[fe80::1%25eth0]/ https://[::1 https://a<b/
javascript:alert(1) file:///etc/passwd gopher://hooks.example/
"""


@pytest.fixture
def names(monkeypatch):
    """The resolver: what it answers for a name, each time the next list; and which names it was asked for."""
    real, answers, asked = socket.getaddrinfo, {}, []

    def resolve(host, port, *args, **kwargs):
        if host not in answers:
            return real(host, port, *args, **kwargs)
        asked.append(host)
        addresses = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        if not addresses:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    resolve.answers, resolve.asked = answers, asked
    return resolve


@pytest.fixture
def loopback(settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.1/32"]


def code_of(work):
    with pytest.raises(OutgoingError) as refused:
        work()
    return refused.value.code


def send(url, **options):
    return post(url, body=b"{}", headers={"Content-Type": "application/json"}, **options)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_address_is_told(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_address_is_told(address):
    assert is_public(address)


def test_an_address_inside_another_is_found_in_its_network():
    networks = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    inside = ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00::1"]
    assert [is_in(one, networks) for one in [*inside, "11.0.0.1", "fc00::1"]] == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    "url", [*BAD_URLS.split(), "https://a b/", "https://a/\n", "https://a/\x7f", "https://a/" + "x" * 2000]
)
def test_address_that_is_not_plain_is_refused(url):
    assert code_of(lambda: check_url(url)) == "bad_url"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/a/@b?c=d",
        "https://hooks.example:8443/",
        "https://hooks.example:443",
        "https://[2606:4700::1]/",
    ],
)
def test_plain_address_is_taken(url):
    assert check_url(url).scheme == "https"


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0", "[::1]", "[::ffff:127.0.0.1]", "10.1.1.1"],
)
def test_every_way_to_write_a_private_host_is_refused(host):
    assert code_of(lambda: refuse_private(f"https://{host}/")) == "private_address"


def test_one_private_address_among_public_ones_is_enough(names):
    names.answers["mixed.test"] = [["8.8.8.8", "10.0.0.5"]]
    names.answers["public.test"] = [["8.8.8.8", "2606:4700::1111", "8.8.8.8"]]
    names.answers["nobody.test"] = [[]]
    assert code_of(lambda: refuse_private("https://mixed.test/")) == "private_address"
    assert code_of(lambda: refuse_private("https://nobody.test/")) == "unknown_host"
    assert refuse_private("https://public.test/") == ["8.8.8.8", "2606:4700::1111"]


def test_http_only_into_networks_that_are_named(names, loopback):
    names.answers["public.test"] = [["8.8.8.8"]]
    assert refuse_private("http://127.0.0.1:8080/") == ["127.0.0.1"]
    assert code_of(lambda: refuse_private("http://127.0.0.2:8080/")) == "private_address"
    assert code_of(lambda: refuse_private("http://public.test/")) == "bad_url"


def test_request_arrives_as_it_was_sent(loopback):
    with listening() as receiver:
        receiver.answer = lambda request: reply(202, b"thanks", X_Seen="yes")
        got = send(f"http://127.0.0.1:{receiver.port}/in?a=b")
    assert (got.status, got.body, got.headers["x-seen"]) == (202, b"thanks", "yes")
    request = receiver.requests[0]
    assert (request.line, request.body) == ("POST /in?a=b HTTP/1.1", b"{}")
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["content-type"] == "application/json"


def test_name_that_changes_its_mind_is_asked_once(names, loopback):
    """The second answer would lead to a server inside; the connection goes where the first one did."""
    names.answers["rebind.test"] = [["127.0.0.1"], ["127.0.0.2"]]
    with listening() as outside, listening("127.0.0.2", outside.port) as inside:
        url = f"http://rebind.test:{outside.port}/"
        assert send(url).status == 200
        assert names.asked == ["rebind.test"]
        assert code_of(lambda: send(url)) == "private_address"
    assert (len(outside.requests), len(inside.requests)) == (1, 0)
    assert outside.requests[0].headers["host"] == f"rebind.test:{outside.port}"


def test_next_address_is_tried_where_the_first_takes_nothing(names, settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    names.answers["two.test"] = [["127.0.0.3", "127.0.0.1"]]
    with listening() as receiver:
        assert send(f"http://two.test:{receiver.port}/").status == 200


def test_redirect_is_an_answer_and_not_followed(loopback):
    with listening() as receiver, listening() as other:
        receiver.answer = lambda request: reply(302, Location=f"http://127.0.0.1:{other.port}/")
        assert send(f"http://127.0.0.1:{receiver.port}/").status == 302
    assert other.requests == []


def test_tls_verifies_the_name_and_connects_to_the_judged_address(names, loopback, tmp_path, monkeypatch):
    authority, context = make_certificate(tmp_path, "hooks.test")
    names.answers |= {"hooks.test": [["127.0.0.1"]], "wrong.test": [["127.0.0.1"]]}
    with listening(tls=context) as receiver:
        assert code_of(lambda: send(f"https://hooks.test:{receiver.port}/")) == "tls"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert send(f"https://hooks.test:{receiver.port}/").status == 200
        assert code_of(lambda: send(f"https://wrong.test:{receiver.port}/")) == "tls"
        assert code_of(lambda: send(f"https://127.0.0.1:{receiver.port}/")) == "tls"
    assert [request.headers["host"] for request in receiver.requests] == [f"hooks.test:{receiver.port}"]


def test_huge_reply_is_cut(loopback):
    with listening() as receiver:
        receiver.answer = lambda request: iter([b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 100])
        got = send(f"http://127.0.0.1:{receiver.port}/")
    assert (got.status, got.body) == (200, b"x" * outgoing.REPLY_BYTES)


def drip_header(receiver):
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    yield from receiver.drip(b"a")


def drip_body(receiver):
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    yield from receiver.drip(b"a")


def say_continue(receiver):
    yield from receiver.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("told", [drip_header, say_continue, lambda receiver: receiver.drip(b"")])
def test_server_that_never_comes_to_the_point_is_left_in_time(loopback, told):
    with listening() as receiver:
        receiver.answer = lambda request: told(receiver)
        began = time.monotonic()
        assert code_of(lambda: send(f"http://127.0.0.1:{receiver.port}/", seconds=0.2)) == "timeout"
    assert time.monotonic() - began < 2


def test_body_that_does_not_end_leaves_the_status_standing(loopback):
    with listening() as receiver:
        receiver.answer = lambda request: drip_body(receiver)
        got = send(f"http://127.0.0.1:{receiver.port}/", seconds=0.3)
    assert got.status == 200
    assert set(got.body) == set(b"a")


@pytest.mark.parametrize(
    "told",
    [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n"],
)
def test_what_is_not_http_is_said(loopback, told):
    with listening() as receiver:
        receiver.answer = lambda request: told
        assert code_of(lambda: send(f"http://127.0.0.1:{receiver.port}/")) == "bad_reply"


def test_nobody_listens(loopback):
    with listening() as receiver:
        port = receiver.port
    assert code_of(lambda: send(f"http://127.0.0.1:{port}/")) == "unreachable"


def test_proxy_of_the_environment_is_not_asked(loopback, monkeypatch):
    with listening() as receiver, listening() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert send(f"http://127.0.0.1:{receiver.port}/").status == 200
    assert proxy.requests == []
