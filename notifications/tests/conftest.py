"""A person of the office, a server that receives, and a webhook that leads there."""

import pytest

from common.testing.receiver import listening
from notifications.tests.webhooks import endpoint_of
from tests.factories import UserFactory


@pytest.fixture
def staff(db):
    return UserFactory(name="Asha Menon", is_staff=True)


@pytest.fixture
def receiver(settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with listening() as server:
        yield server


@pytest.fixture
def endpoint(staff, receiver):
    return endpoint_of(staff, url=f"http://127.0.0.1:{receiver.port}/hooks")
