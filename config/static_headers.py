"""Headers of static files beyond those that WhiteNoise sets."""

from wsgiref.headers import Headers


def add_headers(headers: Headers, path: str, url: str) -> None:
    """The service worker of the exam page lies among the scripts and works for the pages of attempts."""
    if "/js/exam-keeper." in url:
        headers["Service-Worker-Allowed"] = "/attempts/"
