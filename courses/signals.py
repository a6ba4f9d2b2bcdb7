"""Facts announced by courses, after commit. Arguments are ids only."""

from django.dispatch import Signal

course_completed = Signal()  # enrolment_id: announced once; the row is CourseCompletion
path_completed = Signal()  # path_enrolment_id: announced once; the row is PathEnrolment with completed_at
