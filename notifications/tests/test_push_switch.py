"""The switch “push in this browser”, in a browser. Its question and its own push service are played."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from notifications.models import PushSubscription
from notifications.services.push_crypto import encode, make_private_key, public_key_of
from tests.browser import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]
URL = "/notifications/settings/"
# A browser without windows asks nobody.
ALLOWED = """Object.defineProperty(Notification, 'permission', {get: () => 'granted'});
  Notification.requestPermission = async () => 'granted'"""
# What the push service would do: it gives the subscription an address.
PLAYED = """({endpoint, p256dh, auth}) => {
  let kept = null;
  PushManager.prototype.getSubscription = async () => kept;
  PushManager.prototype.subscribe = async ({applicationServerKey, userVisibleOnly}) => kept = {
    endpoint, options: {applicationServerKey: applicationServerKey.buffer, userVisibleOnly},
    toJSON: () => ({endpoint, keys: {p256dh, auth}}), unsubscribe: async () => { kept = null; return true; },
  };
}"""


def test_switch_turns_push_on_and_off_by_the_keyboard(site: Site) -> None:
    # Nothing is sent there: only its address is looked at, and a number needs no resolver.
    played = {"endpoint": "https://1.1.1.1/message/1", "p256dh": public_key_of(make_private_key())}
    played["auth"] = encode(b"sixteen bytes ok")
    with site.visit("student", keeps=True) as visit:
        page = visit.page
        page.add_init_script(ALLOWED)
        page.goto(URL)
        on, off = page.get_by_role("button", name="Turn on"), page.get_by_role("button", name="Turn off", exact=True)
        expect(page.get_by_text("It is off.")).to_be_visible()
        page.evaluate(PLAYED, played)
        on.press("Enter")
        expect(page.get_by_text("It is on.")).to_be_visible()
        expect(off).to_be_focused()
        assert page.evaluate("async () => (await navigator.serviceWorker.ready).scope").endswith("/notifications/")
        stored = site.ask(lambda: list(PushSubscription.objects.values_list("user__name", "endpoint")))
        assert stored == [("Meera Nair", played["endpoint"])]
        off.press("Enter")
        expect(on).to_be_focused()
        assert site.ask(PushSubscription.objects.count) == 0
        assert visit.problems == []


def test_what_was_refused_is_said_with_a_way_out(site: Site) -> None:
    with site.visit("student") as visit:
        visit.page.add_init_script("Object.defineProperty(Notification, 'permission', {get: () => 'denied'})")
        visit.page.goto(URL)
        expect(visit.page.get_by_text("Messages of this site are blocked")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Turn on")).to_be_hidden()


def test_a_browser_that_cannot_is_told_so(site: Site) -> None:
    with site.visit("student") as visit:
        visit.page.add_init_script("delete window.PushManager")
        visit.page.goto(URL)
        expect(visit.page.get_by_text("This browser cannot show such messages.")).to_be_visible()
