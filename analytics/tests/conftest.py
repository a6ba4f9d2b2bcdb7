from evaluations.tests.visits import as_, world  # noqa: F401 - fixtures
