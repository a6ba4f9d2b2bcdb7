"""Alive, ready, measured: /healthz, /readyz and /metrics."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast


def test_a_living_process_says_so_without_asking_anything_else(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_ready_when_everything_answers(client: Client, db: None) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "database": "ok", "broker": "ok", "storage": "ok"}


def test_degraded_names_the_storage_that_does_not_answer(client: Client, db: None, settings: Any) -> None:
    """A bucket on a closed port."""
    options = {
        "bucket_name": "sheets",
        "access_key": "x",
        "secret_key": "x",
        "region_name": "ap-south-1",
        "endpoint_url": "http://127.0.0.1:1",
    }
    broken = {"BACKEND": "common.storage_s3.PresignedS3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "sheets": broken}
    response = client.get("/readyz")
    assert response.status_code == 200, "people sit exams without it too"
    body = response.json()
    assert (body["status"], body["database"], body["broker"]) == ("degraded", "ok", "ok")
    assert body["storage"] == "EndpointConnectionError"


def test_not_ready_without_the_database(client: Client) -> None:
    """A test that may not use the database has none."""
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "not ready"


def test_degraded_tells_no_address_nor_secret(client: Client, db: None, settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "sheets": {"BACKEND": "no.such.Storage", "OPTIONS": {}}}
    response = client.get("/readyz")
    assert response.json()["storage"] == "InvalidStorageError"
    assert "no.such" not in response.content.decode()


@pytest.mark.parametrize("sent", ["", "Bearer wrong", "Bearer ", "secret-word"])
def test_metrics_are_closed_without_the_token(client: Client, db: None, settings: Any, sent: str) -> None:
    settings.METRICS_TOKEN = "secret-word"
    assert client.get("/metrics", headers={"Authorization": sent}).status_code == 403


def test_metrics_for_the_scraper_and_for_staff(client: Client, cast: Cast, settings: Any) -> None:
    settings.METRICS_TOKEN = "secret-word"
    response = client.get("/metrics", headers={"Authorization": "Bearer secret-word"})
    assert response.status_code == 200
    assert b"django_http_requests" in response.content
    client.force_login(cast.staff)
    assert client.get("/metrics").status_code == 200


def test_no_token_set_opens_nothing(client: Client, db: None, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403
