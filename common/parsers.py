"""Reading JSON from outside. Apart from common.api because DRF loads its parsers while its views are being loaded."""

import json
from typing import Any

from rest_framework import exceptions
from rest_framework.parsers import JSONParser


class CarefulJSONParser(JSONParser):
    """Refuses with 400 two kinds of JSON that would otherwise end as a 500: nested beyond reason, and half characters
    (lone surrogates), which neither a database nor an answer can hold."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError:
            raise exceptions.ParseError("This JSON is nested too deeply.") from None
        except UnicodeEncodeError:
            raise exceptions.ParseError("This JSON contains half a character (a lone surrogate).") from None
        return data
