"""The people a visitor of the demonstration may sign in as. Free of Django: the supervisor prints it."""

DEMO_PASSWORD = "abhyas-demo-2026"  # noqa: S105 - made to be published, and only accounts of the demonstration have it

#: E-mail address and what the person is, in the order in which they are shown.
DEMO_ACCOUNTS = [
    ("student@demo.abhyas", "student"),
    ("guardian@demo.abhyas", "guardian"),
    ("teacher@demo.abhyas", "teacher"),
    ("staff@demo.abhyas", "staff"),
]
