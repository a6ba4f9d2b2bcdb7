"""Facts announced by assessments, after commit. Arguments are ids only."""

from django.dispatch import Signal

attempt_started = Signal()  # attempt_id
attempt_submitted = Signal()  # attempt_id: writing is over, objective questions are marked
attempt_handed_in = Signal()  # attempt_id: sheets are confirmed (or there are none); nothing more will come
external_result_received = Signal()  # result_id
sheet_pages_ready = Signal()  # upload_id: the page images of an upload have been made
