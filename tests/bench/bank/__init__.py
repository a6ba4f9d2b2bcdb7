"""A question bank of fifty thousand questions, and what it costs to work with it."""
