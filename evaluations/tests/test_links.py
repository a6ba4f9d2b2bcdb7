import uuid

from django.urls import resolve

from evaluations.services import links


def test_links_point_at_the_pages():
    some = uuid.uuid4()
    assert resolve(links.desk_url(some)).url_name == "marking-desk"
    assert resolve(links.queue_url()).url_name == "marking-queue"
    assert resolve(links.result_url(some)).url_name == "result-page"
    assert resolve(links.warnings_url()).url_name == "evaluations_breachwarning_changelist"
    assert resolve(links.board_url(some)).url_name == "evaluations_evaluation_change"
