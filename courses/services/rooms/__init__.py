"""Rooms of courses: writing, questions, announcements, moderation, and the live stream's side of them."""
