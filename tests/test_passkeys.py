"""A passkey in a real browser with a virtual authenticator: made, used instead of the password, used after it."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.browser import Site
from tests.factories import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.browser]
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def confirmed(email: str) -> None:
    """The person with a confirmed address, as signing in wants it."""
    person = User.objects.get(email=email)
    person.set_password(PASSWORD)
    person.save()
    person.emailaddress_set.get_or_create(email=email, defaults={"verified": True, "primary": True})


def test_a_passkey_is_made_and_signs_in(site: Site) -> None:
    email = site.world.cast.guardian.email
    site.ask(confirmed, email=email)
    with site.visit("anonymous") as visit:
        page = visit.page
        # A passkey belongs to a name, not to an address of four numbers.
        home = site.url.replace("127.0.0.1", "localhost")
        device = visit.context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

        def with_password() -> None:
            page.goto(f"{home}/accounts/login/")
            page.get_by_label("E-mail").fill(email)
            page.get_by_label("Password", exact=True).fill(PASSWORD)
            page.get_by_role("button", name="Sign in", exact=True).click()

        with_password()
        page.wait_for_url("**/family/")
        page.goto(f"{home}/accounts/2fa/webauthn/add/")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Carry on").click()
        page.get_by_role("button", name="Make it").click()
        page.wait_for_url("**/recovery-codes/")

        visit.context.clear_cookies()
        page.goto(f"{home}/accounts/login/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        page.wait_for_url("**/family/")

        visit.context.clear_cookies()
        with_password()
        page.get_by_role("button", name="Use your passkey").click()
        page.wait_for_url("**/family/")
        assert not visit.problems
