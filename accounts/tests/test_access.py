"""An id that is none, out of a program or an address, is nothing that one may see."""

import pytest
from django.http import Http404

from accounts.models import User
from common.access import get_permitted


@pytest.mark.parametrize("pk", ["junk", "", "\x00", 10**40])
def test_what_is_no_id_is_404(cast, pk):
    with pytest.raises(Http404):
        get_permitted(cast.staff, "accounts.view_user", User, pk)
