"""The strict reader: every wrong value stops the start with a sentence that names the variable."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import Env


def read(**source: str) -> Env:
    return Env(source)


def test_text_set_default_and_choice():
    assert read(A="x").text("A") == "x"
    assert read().text("A", "fallback") == "fallback"
    assert read(A="").text("A", "fallback") == ""
    assert read(A="b").text("A", choices=("a", "b")) == "b"


@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_flag_yes(value):
    assert read(A=value).flag("A", False) is True


@pytest.mark.parametrize("value", ["0", "False", "no", "OFF"])
def test_flag_no(value):
    assert read(A=value).flag("A", True) is False


def test_flag_and_number_left_out():
    assert read().flag("A", True) is True
    assert read().number("A", 7) == 7
    assert read(A="7").number("A", 0, maximum=7) == 7


def test_names_are_trimmed():
    assert read(A=" a, b ,,c ").names("A") == ["a", "b", "c"]
    assert read().names("A") == []


WRONG = [
    (lambda env: env.text("A"), {}, "A must be set"),
    (lambda env: env.text("A"), {"A": ""}, "A must be set"),
    (lambda env: env.text("A", "a", choices=("a", "b")), {"A": "c"}, "A is 'c', but must be one of: a, b"),
    (lambda env: env.flag("A", True), {"A": "maybe"}, "A is 'maybe', but must be yes or no"),
    (lambda env: env.flag("A", True), {"A": ""}, "A is '', but must be yes or no"),
    (lambda env: env.number("A", 1), {"A": "many"}, "whole number from 0"),
    (lambda env: env.number("A", 1), {"A": "-1"}, "whole number from 0"),
    (lambda env: env.number("A", 1), {"A": "1.5"}, "whole number from 0"),
    (lambda env: env.number("A", 1, maximum=10), {"A": "11"}, "from 0 to 10"),
    (lambda env: env.database("A", ""), {"A": "mysql://x/y"}, "must start with sqlite:/// or postgres://"),
    (lambda env: env.database("A", ""), {"A": "sqlite://"}, "A needs a file"),
    (lambda env: env.database("A", ""), {"A": "postgres://u@h"}, "A needs a database name"),
    (lambda env: env.database("A", ""), {"A": "postgres://u@h/d?pool=3"}, "A has unknown options: pool"),
    (lambda env: env.cache("A", ""), {"A": "memcached://h"}, "A is 'memcached://h', but must be locmem://"),
    (lambda env: env.live("A", ""), {"A": "locmem://"}, "A is 'locmem://', but must be database://"),
    (lambda env: env.email("A", ""), {"A": "pigeon://h"}, "A is 'pigeon://h', but must be console://"),
    (lambda env: env.email("A", ""), {"A": "smtp://"}, "A is 'smtp://', but must be"),
    (lambda env: env.number("A", 1), {"A": "²"}, "whole number from 0"),
    (lambda env: env.database("A", ""), {"A": "postgres://u@h/d?pool_max=many"}, "pool_max is 'many', but must be"),
    (lambda env: env.database("A", ""), {"A": "postgres://u@h/d?pool_max=0"}, "whole number from 1"),
    (lambda env: env.database("A", ""), {"A": "postgres://u:word@h:port/d"}, "A is 'postgres://u:***@h:port/d', which"),
    (lambda env: env.email("A", ""), {"A": "smtp://h:mail"}, "A is 'smtp://h:mail', which is no address"),
    (lambda env: env.email("A", ""), {"A": "smtp://h?ssl=1"}, "A has unknown options: ssl"),
    (lambda env: env.email("A", ""), {"A": "smtp://h?tls=maybe"}, "tls is 'maybe', but must be yes or no"),
    (lambda env: env.email("A", ""), {"A": "ses://"}, "A is 'ses://', but must be"),
    (lambda env: env.email("A", ""), {"A": "file://mail"}, "A is 'file://mail', but must be"),
    (lambda env: env.broker("A", ""), {"A": "amqp://u:word@h"}, "A is 'amqp://u:***@h', but must be djangodb://"),
    (lambda env: env.cache("A", ""), {"A": "http://:p@ss@h"}, "A is 'http://:***@h', but must be locmem://"),
    (lambda env: env.url("A", ""), {"A": "abhyas.example"}, "A is 'abhyas.example', but must be an address"),
    (lambda env: env.url("A", ""), {"A": "https://"}, "A is 'https://', but must be an address"),
    (lambda env: env.rate("A", ""), {"A": "100"}, "A is '100', but must be a number per time"),
    (lambda env: env.rate("A", ""), {"A": "100/fortnight"}, "but must be a number per time"),
    (lambda env: env.networks("A"), {"A": "10.0.0.0/8, 10.0.0.1/8"}, "A names '10.0.0.1/8', but must name networks"),
    (lambda env: env.key("A"), {"A": "c2hvcnQ"}, "A must be 43 letters and digits"),
    (lambda env: env.zone("A", ""), {"A": "India"}, "A is 'India', but must be a time zone"),
]


@pytest.mark.parametrize(("ask", "source", "sentence"), WRONG)
def test_wrong_value_is_a_clear_sentence(ask, source, sentence):
    with pytest.raises(ImproperlyConfigured) as stopped:
        ask(Env(source))
    assert sentence in str(stopped.value)


def test_sqlite_waits_for_its_turn(tmp_path):
    path = tmp_path / "new" / "abhyas.sqlite3"
    found = read(A=f"sqlite:///{path}").database("A", "")
    assert (found["NAME"], found["OPTIONS"]["transaction_mode"]) == (str(path), "IMMEDIATE")
    assert path.parent.is_dir()
    assert read(A="sqlite:///:memory:").database("A", "")["NAME"] == ":memory:"


def test_postgres_parts_are_unquoted():
    found = read(A="postgres://an%40na:p%2Fw@db.example:6432/abh?pool_max=3&sslmode=require").database("A", "")
    assert [found[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "an@na",
        "p/w",
        "db.example",
        "6432",
        "abh",
    ]
    assert (found["OPTIONS"]["pool"]["max_size"], found["OPTIONS"]["sslmode"]) == (3, "require")
    assert found["CONN_MAX_AGE"] == 0


def test_addresses_rates_zones_and_brokers():
    assert read(A="https://abhyas.example/").url("A", "") == "https://abhyas.example"
    assert read().rate("A", "120/min") == "120/min"
    assert read(A="10.0.0.0/8, fd00::/8").networks("A") == ["10.0.0.0/8", "fd00::/8"]
    assert read().networks("A") == []
    assert read(A="x" * 43).key("A") == "x" * 43
    assert read().key("A") == ""
    assert read(A="Asia/Kathmandu").zone("A", "") == "Asia/Kathmandu"
    assert read(A="rediss://h:6379/1").broker("A", "") == "rediss://h:6379/1"
    assert read().broker("A", "djangodb://") == "djangodb://"


def test_cache_and_mail_kinds():
    assert read(A="redis://h:6379/2").cache("A", "")["LOCATION"] == "redis://h:6379/2"
    assert read().cache("A", "locmem://")["BACKEND"].endswith("LocMemCache")
    smtp = read(A="smtp://us%40er:p%3Aw@mail.example:2525?tls=1").email("A", "")
    assert (smtp["EMAIL_HOST"], smtp["EMAIL_PORT"], smtp["EMAIL_USE_TLS"]) == ("mail.example", 2525, True)
    assert (smtp["EMAIL_HOST_USER"], smtp["EMAIL_HOST_PASSWORD"]) == ("us@er", "p:w")
    assert read(A="smtp://mail.example").email("A", "")["EMAIL_PORT"] == 587
    assert read(A="smtp://mail.example?tls=yes").email("A", "")["EMAIL_USE_TLS"] is True
    assert read(A="file:///var/mail").email("A", "")["EMAIL_FILE_PATH"] == "/var/mail"
    assert read(A="console://").email("A", "")["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert read(A="ses://eu-west-1").email("A", "")["ANYMAIL"] == {
        "AMAZON_SES_CLIENT_PARAMS": {"region_name": "eu-west-1"}
    }
