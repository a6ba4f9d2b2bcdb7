"""What the logs say of an error."""

from __future__ import annotations

import logging
import sys

import pytest
import structlog

from config.logs import configure_logging


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize("logger", [logging.getLogger("django.request"), structlog.stdlib.get_logger("ours")])
def test_an_error_is_told_where_it_was_and_not_what_was_in_it(
    style: str, logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    config = configure_logging("INFO", style)["formatters"]["structured"]
    formatter = config.pop("()")(**config)

    def fail() -> None:
        password = "-".join(("quiet", "river"))
        raise ValueError(len(password))

    try:
        fail()
    except ValueError:
        logger.error("Internal Server Error", exc_info=sys.exc_info())
    said = formatter.format(caplog.records[-1])
    assert "ValueError: 11" in said
    assert "in fail" in said
    assert "quiet-river" not in said
