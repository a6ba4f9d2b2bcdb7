"""What docs/webhooks.md tells receivers to do verifies what we sign, and nothing else."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from notifications.enums import WebhookType

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
SECRET = re.search(r"whsec_[\w+/]+=", DOCS).group()


def signed(now, body='{"type":"ping"}', message_id="evt-1"):
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": "v1,AAAA " + Webhook(SECRET).sign(message_id, now, body),
    }


def example(language):
    return re.search(rf"```{language}\n(.*?)```", DOCS, re.DOTALL).group(1)


def test_worked_example_is_right():
    headers = signed(datetime.fromtimestamp(1_795_000_000, UTC))
    assert headers["webhook-signature"].split(" ")[1] in DOCS


def test_every_event_has_its_chapter():
    assert all(f"`{kind.value}`" in DOCS for kind in WebhookType)


def test_python_example_takes_ours_and_refuses_others():
    space = {}
    exec(example("python"), space)
    headers = signed(datetime.now(UTC))
    assert space["receive"](headers, b'{"type":"ping"}', SECRET) == {"type": "ping"}
    assert space["receive"](headers, b'{"type":"pong"}', SECRET) is None


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node_example_takes_ours_and_refuses_others(tmp_path):
    now = datetime.now(UTC)
    old = datetime.fromtimestamp(now.timestamp() - 400, UTC)
    cases = [
        (signed(now), '{"type":"ping"}'),
        (signed(now), '{"type":"pong"}'),
        (signed(old), '{"type":"ping"}'),
        ({}, ""),
    ]
    script = tmp_path / "receive.mjs"
    call = f"console.log(JSON.stringify({json.dumps(cases)}.map(([h, b]) => receive(h, b, {json.dumps(SECRET)}))));"
    script.write_text(example("js") + call)
    told = subprocess.run(["node", str(script)], capture_output=True, text=True, check=True, timeout=60).stdout
    assert json.loads(told) == [{"type": "ping"}, None, None, None]
