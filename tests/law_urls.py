"""Who gets what at every address of the product: the policy, row by row. tests/test_law_urls.py holds it.

A row is `method  name  arguments  and one answer for each person of PEOPLE`. `{…}` are ids of tests/law_urls_world.py.
Answers: a status; `login`, the sign-in page; `>name`, a redirect to that page.

The thoughts behind it:
- What is foreign does not exist (404); what one may see but not do is 403; the API says 401 to strangers.
- Sitting (answers, sheets) is the student's alone: guardian, teacher of the cohort and staff see it, and are refused.
- Marking is the assigned teacher's alone; staff may look at the desk and change nothing there.
- A colleague who is not the marker and teaches no cohort of the student sees nothing of the student.
- Calibration scripts are staff's and the exam's moderators'; how practice went is read by the teacher and these.
- A marking scheme is changed by staff and by moderators of the exam.
- A clearer picture is asked for by the marker and sent by the student alone; who sees the evaluation sees that it is asked.
- What was asked about marks is read by the family; the student, whoever gave the marks and staff write.
- Time with a teacher is booked by the student and their guardians; the teacher and staff see the booking, and cancel it.
- What marking is paid is a matter of the teacher who marked and of staff.
- A newcomer teacher (not verified) has the teacher's pages, empty, and may not take a paper.
- Blueprints are verified teachers' and staff's: each changes their own, the institute's are copied. Drafts are private.
- The scan of a class is its bringer's (a teacher of the exam's cohorts) and staff's; nobody else knows of it.
- A phone that photographs for a student shows the cookie of its link; without one there is nobody to know, signed in or not.
- Verified teachers and staff rehearse any exam or paper; a rehearsal is its person's, staff may look at its end.
- A guardian's invitation is answered by whoever has its token and its address; a made-up one is not there.
- The link in an e-mail ends such e-mails for whoever holds it, signed in or not; it does nothing else.
- What another system reports is signed, so nobody's session counts there.
- A course that is out is seen by all; its lessons by those in it and those who teach it; only the latter change it.
- A learning path is seen by all once it is out, and changed by its maker and staff; so is a pathfinder.
- The curriculum is arranged by staff; teachers read it, and what hangs on it.
- A project is handed in by the students of its course and written by its teachers; other verified teachers may read it.
- A copy of one's data and erasure are asked for by the person, or a minor's guardian, who first show again who they are.
- A certificate is read by whoever sees the enrolment, and checked by anybody who has its code.
- An empty or wrong body is 422 only for those who might have sent a right one.
"""

# ruff: noqa: E501 - one row of the table is one line

from __future__ import annotations

from dataclasses import dataclass

from tests.law_urls_bank import BANK
from tests.law_urls_rooms import ROOMS

PEOPLE = ("anonymous", "student", "classmate", "outsider", "guardian", "teacher", "colleague", "newcomer", "staff")


@dataclass(frozen=True)
class Row:
    method: str
    name: str
    arguments: tuple[str, ...]
    answers: dict[str, str]

    def __str__(self) -> str:
        return " ".join((self.method, self.name, *self.arguments))


def read_table(text: str) -> list[Row]:
    """Rows of a table in the form of `PAGES`. Raises ValueError for a row with a wrong number of answers."""
    rows = []
    for line in filter(None, map(str.strip, text.splitlines())):
        head, answers = line.split("|")
        method, name, *arguments = head.split()
        given = answers.split()
        rows.append(Row(method, name, tuple(arguments), dict(zip(PEOPLE, given, strict=True))))
    return rows


#                                                           anon   student  classm. outsider guardian teacher colleag newcomer staff
PUBLIC = """
GET  landing                                              | 200    200      200     200      200      200     200     200      200
GET  healthz                                              | 200    200      200     200      200      200     200     200      200
GET  live                                                 | 204    204      204     204      204      204     204     204      204
GET  readyz                                               | 200    200      200     200      200      200     200     200      200
GET  metrics                                              | 403    403      403     403      403      403     403     403      200
GET  openapi                                              | 200    200      200     200      200      200     200     200      200
GET  api-docs                                             | 200    200      200     200      200      200     200     200      200
GET  api-redoc                                            | 200    200      200     200      200      200     200     200      200
GET  phone-open  not-a-link-but-as-long-as-one-0123456789-ab | 401 401      401     401      401      401     401     401      401
GET  phone-page                                           | 401    401      401     401      401      401     401     401      401
GET  phone-status                                         | 401    401      401     401      401      401     401     401      401
POST phone-announce                                       | 401    401      401     401      401      401     401     401      401
POST phone-done  {unsent}                                 | 401    401      401     401      401      401     401     401      401
POST phone-remove  {client}                               | 401    401      401     401      401      401     401     401      401
GET  push-worker                                          | 200    200      200     200      200      200     200     200      200
GET  mail-stop  {mail_stop}                               | 200    200      200     200      200      200     200     200      200
POST mail-stop  {mail_stop}                               | 200    200      200     200      200      200     200     200      200
GET  mail-stop  made-up                                   | 404    404      404     404      404      404     404     404      404
GET  file_upload                                          | 405    405      405     405      405      405     405     405      405
POST file_upload                                          | 403    403      403     403      403      403     403     403      403
GET  file_download  pages/some.jpg                        | 403    403      403     403      403      403     403     403      403
"""

# allauth. Signing in and up are for those who are not; the password's links work by their key for whoever holds it.
ACCOUNT = """
GET  account_login                                        | 200    >home    >home   >home    >home    >home   >home   >home    >home
POST account_login                                        | 200    >home    >home   >home    >home    >home   >home   >home    >home
GET  account_signup                                       | 200    >home    >home   >home    >home    >home   >home   >home    >home
POST account_signup                                       | 200    >home    >home   >home    >home    >home   >home   >home    >home
GET  account_logout                                       | >landing 200    200     200      200      200     200     200      200
POST account_logout                                       | >landing >landing >landing >landing >landing >landing >landing >landing >landing
GET  account_inactive                                     | 200    200      200     200      200      200     200     200      200
GET  account_reauthenticate                               | login  200      200     200      200      200     200     200      200
GET  account_email                                        | login  200      200     200      200      200     200     200      200
GET  account_email_verification_sent                      | 200    200      200     200      200      200     200     200      200
GET  account_change_password                              | login  200      200     200      200      200     200     200      200
POST account_change_password                              | login  200      200     200      200      200     200     200      200
GET  account_set_password                                 | login  >account_change_password >account_change_password >account_change_password >account_change_password >account_change_password >account_change_password >account_change_password >account_change_password
GET  account_reset_password                               | 200    200      200     200      200      200     200     200      200
POST account_reset_password                               | 200    200      200     200      200      200     200     200      200
GET  account_reset_password_done                          | 200    200      200     200      200      200     200     200      200
GET  account_reset_password_from_key  abc made-up         | 200    200      200     200      200      200     200     200      200
GET  account_reset_password_from_key_done                 | 200    200      200     200      200      200     200     200      200
GET  account_confirm_email  made-up                       | 200    200      200     200      200      200     200     200      200
GET  account_confirm_login_code                           | >account_request_login_code  >home    >home   >home    >home    >home   >home   >home    >home
GET  account_request_login_code                           | 200 >home >home >home >home >home >home >home >home
POST account_request_login_code                           | 200 >home >home >home >home >home >home >home >home
GET  mfa_index                                            | login 200 200 200 200 200 200 200 200
GET  mfa_authenticate                                     | login >home >home >home >home >home >home >home >home
GET  mfa_reauthenticate                                   | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  mfa_reauthenticate_webauthn                          | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  mfa_activate_totp                                    | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
POST mfa_activate_totp                                    | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  mfa_deactivate_totp                                  | login 404 404 404 404 404 404 404 404
GET  mfa_view_recovery_codes                              | login 404 404 404 404 404 404 404 404
GET  mfa_generate_recovery_codes                          | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  mfa_download_recovery_codes                          | login 404 404 404 404 404 404 404 404
GET  mfa_list_webauthn                                    | login 200 200 200 200 200 200 200 200
GET  mfa_add_webauthn                                     | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
POST mfa_add_webauthn                                     | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  mfa_edit_webauthn  1                                 | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  mfa_remove_webauthn  1                               | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  mfa_login_webauthn                                   | login >home >home >home >home >home >home >home >home
POST mfa_login_webauthn                                   | login >home >home >home >home >home >home >home >home
GET  socialaccount_connections                            | login 200 200 200 200 200 200 200 200
GET  socialaccount_signup                                 | login login login login login login login login login
GET  socialaccount_login_error                            | login 401 401 401 401 401 401 401 401
GET  socialaccount_login_cancelled                        | 200 200 200 200 200 200 200 200 200
"""

PAGES = """
GET  home                                                 | login  >student-home >student-home >student-home >guardian-home >teacher-home >teacher-home >teacher-home >admin:index
GET  person-settings                                      | login  200      200     200      200      200     200     200      200
POST person-settings                                      | login  422      422     422      422      422     422     422      422
GET  family                                               | login 200 200 200 200 200 200 200 200
POST family                                               | login 422 422 422 422 422 422 422 422
POST family-code                                          | login >family >family >family >family >family >family >family >family
POST family-pin  {student}                                | login >family 404 404 >family 404 404 404 >family
POST link-change  {guardian_link}                         | login >family 404 404 >family 404 404 404 >family
POST invitation-withdraw  {nobody}                        | login 404 404 404 404 404 404 404 404
GET  invitation  made-up                                  | 404 404 404 404 404 404 404 404 404
POST invitation  made-up                                  | 404 422 422 422 422 422 422 422 422
GET  family-sign-in                                       | 200 >home >home >home >home >home >home >home >home
POST family-sign-in                                       | 422 >home >home >home >home >home >home >home >home
GET  consents                                             | login 200 200 200 200 200 200 200 200
POST consent-decide  {student}                            | login 404 404 404 404 404 404 404 404
GET  consent-decide  {student}                            | login 405 405 405 405 405 405 405 405
GET  act-as  {student}                                    | login 403 404 404 403 404 404 404 200
POST act-as  {student}                                    | login 403 404 404 403 404 404 404 422
POST act-as-stop                                          | login >home >home >home >home >home >home >home >home
GET  my-data                                              | login 200 200 200 200 200 200 200 200
POST export-ask  {student}                                | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  export-fetch  {nobody}                               | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
POST erasure-ask  {student}                               | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
POST erasure-cancel  {nobody}                             | login 404 404 404 404 404 404 404 404
GET  session-list                                         | login 200 200 200 200 200 200 200 200
POST session-end  1                                       | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  session-end  1                                       | login 405 405 405 405 405 405 405 405
POST session-end-others                                   | login >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate >account_reauthenticate
GET  second-factor                                        | login 200 200 200 200 200 200 200 200
GET  availability                                         | login  403      403     403      403      200     200     200      403
POST availability                                         | login  403      403     403      403      422     422     422      403
POST leave-add                                            | login  403      403     403      403      422     422     422      403
GET  leave-change {leave}                                 | login  404      404     404      404      200     404     404      403
POST leave-change {leave}                                 | login  404      404     404      404      422     404     404      403
POST leave-remove {leave}                                 | login  404      404     404      404      >availability 404 404  >availability
GET  course-list                                          | login  200      200     200      200      200     200     200      200
POST course-join                                          | login  >course-list >course-list >course-list >course-list >course-list >course-list >course-list >course-list
GET  course-page  {course}                                | login  200      200     200      200      200     200     200      200
POST course-enrol  {course}                               | login  >course-page >course-page >course-page >course-page >course-page >course-page >course-page >course-page
POST course-leave  {course}                               | login  >course-list >course-list >course-list >course-list >course-list >course-list >course-list >course-list
POST course-review  {course}                              | login  422      422     422      422      422     422     422      422
GET  course-page  {course_draft}                          | login  404      404     404      404      200     404     404      200
GET  course-file  {course_cover}                          | login  200      200     200      200      200     200     200      200
GET  course-file  {course_document}                       | login  200      404     404      404      200     404     404      200
GET  lesson-page  {course_lesson}                         | login  200      403     403      403      200     403     403      200
POST lesson-done  {course_lesson}                         | login  >lesson-page 403 403      403      >lesson-page 403 403   >lesson-page
POST lesson-time  {course_lesson}                         | login  422      403     403      403      422     403     403      422
POST lesson-note  {course_lesson}                         | login  422      403     403      403      422     403     403      422
GET  certificate-list                                     | login  200      200     200      200      200     200     200      200
GET  certificate-file  {certificate}                      | login  200      404     404      200      200     404     404      200
GET  certificate-find                                     | 200    200      200     200      200      200     200     200      200
GET  certificate-check  {certificate_code}                | 200    200      200     200      200      200     200     200      200
GET  certificate-check  {nobody}                          | 404    404      404     404      404      404     404     404      404
GET  course-teaching                                      | login  403      403     403      403      200     200     200      200
POST course-teaching                                      | login  403      403     403      403      422     422     403      422
GET  course-build  {course}                               | login  403      403     403      403      200     403     403      200
POST course-build  {course}                               | login  403      403     403      403      422     403     403      422
GET  course-settings  {course}                            | login  403      403     403      403      200     403     403      200
POST course-settings  {course}                            | login  403      403     403      403      422     403     403      422
POST course-state  {course}                               | login  403      403     403      403      >course-build 403 403  >course-build
GET  course-people  {course}                              | login  403      403     403      403      200     403     403      200
POST course-people-add  {course}                          | login  403      403     403      403      422     403     403      422
GET  course-people-list  {course}                         | login  403      403     403      403      200     403     403      200
POST course-people-list  {course}                         | login  403      403     403      403      422     403     403      422
GET  course-teachers  {course}                            | login  403      403     403      403      200     403     403      200
POST course-teachers  {course}                            | login  403      403     403      403      422     403     403      422
POST course-code-add  {course}                            | login  403      403     403      403      >course-people 403 403 >course-people
POST course-code-close  {course_code}                     | login  404      404     404      404      >course-people 404 404 >course-people
POST course-people-remove  {course_enrolment}             | login  >course-people 404 404    403      >course-people 404 404 >course-people
GET  lesson-edit  {course_lesson}                         | login  403      403     403      403      200     403     403      200
POST lesson-edit  {course_lesson}                        | login  403      403     403      403      409     403     403      409
GET  project-edit  {project_lesson}                       | login  403      403     403      403      200     403     403      200
POST project-edit  {project_lesson}                       | login  403      403     403      403      422     403     403      422
GET  project-page  {project}                              | login  200      200     404      404      200     200     404      200
POST project-page  {project}                              | login  422      422     404      404      403     403     404      403
GET  exam-detail  {project}                               | login  >project-page >project-page 404 404 >project-page >project-page 404 >project-page
POST marking-revision  {marking}                          | login  403      404     404      403      422     404     404      403
POST lesson-draft  {course_lesson}                        | login  403      403     403      403      422     403     403      422
GET  path-page  {path}                                    | login  200      200     200      200      200     200     200      200
POST path-begin  {path}                                   | login  >path-page >path-page >path-page >path-page >path-page >path-page >path-page >path-page
POST path-leave  {path}                                   | login  >course-list >course-list >course-list >course-list >course-list >course-list >course-list >course-list
GET  path-page  {path_draft}                              | login  404      404     404      404      200     404     404      200
GET  path-teaching                                        | login  403      403     403      403      200     200     200      200
POST path-teaching                                        | login  403      403     403      403      422     422     403      422
GET  path-build  {path}                                   | login  403      403     403      403      200     403     403      200
GET  path-build  {path_draft}                             | login  404      404     404      404      200     404     404      200
POST path-build  {path}                                   | login  403      403     403      403      422     403     403      422
GET  pathfinder-page  {pathfinder}                        | login  200      200     200      200      200     200     200      200
POST pathfinder-begin  {pathfinder}                       | login  >exam-detail >exam-detail >exam-detail >exam-detail >exam-detail >exam-detail >exam-detail >exam-detail
POST pathfinder-interests  {pathfinder}                   | login  >pathfinder-page >pathfinder-page >pathfinder-page >pathfinder-page >pathfinder-page >pathfinder-page >pathfinder-page >pathfinder-page
POST pathfinder-new                                       | login  403      403     403      403      >path-teaching >path-teaching 403 >path-teaching
GET  pathfinder-build  {pathfinder}                       | login  403      403     403      403      200     403     403      200
POST pathfinder-build  {pathfinder}                       | login  403      403     403      403      422     403     403      422
GET  curriculum-list                                      | login  403      403     403      403      200     200     200      200
GET  curriculum-page  {programme}                         | login  403      403     403      403      200     200     200      200
POST curriculum-page  {programme}                         | login  403      403     403      403      403     403     403      422
GET  notification-list                                    | login  200      200     200      200      200     200     200      200
POST notification-read                                    | login  >notification-list >notification-list >notification-list >notification-list >notification-list >notification-list >notification-list >notification-list
GET  notification-read                                    | login  405      405     405      405      405     405     405      405
GET  notification-settings                                | login  200      200     200      200      200     200     200      200
POST notification-settings                                | login  422      422     422      422      422     422     422      422
POST push-subscribe                                       | login  422      422     422      422      422     422     422      422
POST push-unsubscribe                                     | login  422      422     422      422      422     422     422      422
POST push-end                                             | login  >notification-settings >notification-settings >notification-settings >notification-settings >notification-settings >notification-settings >notification-settings >notification-settings
GET  student-home                                         | login  200      200     200      403      403     403     403      403
GET  teacher-home                                         | login  403      403     403      403      200     200     200      403
GET  guardian-home                                        | login  403      403     403      200      403     403     403      403
GET  guardian-student  {student}                          | login  403      403     403      200      403     403     403      403
GET  guardian-student  {stranger}                         | login  403      403     403      404      403     403     403      403
GET  guardian-papers  {student}                           | login  403      403     403      200      403     403     403      403
GET  guardian-papers  {stranger}                          | login  403      403     403      404      403     403     403      403
GET  guardian-courses  {student}                          | login  403      403     403      200      403     403     403      403
GET  guardian-courses  {stranger}                         | login  403      403     403      404      403     403     403      403
GET  guardian-records  {student}                          | login  403      403     403      200      403     403     403      403
GET  guardian-records  {stranger}                         | login  403      403     403      404      403     403     403      403
GET  own-accommodations                                    | login  200      200     200      200      200     200     200      200
GET  exam-list                                            | login  200      200     200      200      200     200     200      200
GET  exam-detail  {open_exam}                             | login  200      200     404      404      200     200     404      200
GET  exam-start  {open_exam}                              | login  405      405     405      405      405     405     405      405
POST exam-start  {open_exam}                              | login  >attempt-page >attempt-page 404 404   403     403     404      403
GET  exam-rehearse  {open_exam}                           | login  405      405     405      405      405     405     405      405
POST exam-rehearse  {open_exam}                           | login  403      403     404      404      >attempt-page >attempt-page 404 >attempt-page
POST external-open  {elsewhere}                           | login  200      200     404      404      403     403     404      403
GET  external-open  {elsewhere}                           | login  405      405     405      405      405     405     405      405
GET  attempt-page  {live}                                 | login  200      404     404      403      403     404     404      403
GET  attempt-page  {sheets}                               | login  >sheets-page 404 404      403      403     404     404      403
GET  attempt-page  {marking_attempt}                      | login  >result-page 404 404      403      403     404     404      403
GET  attempt-clock  {live}                                | login  200      404     404      403      403     404     404      403
GET  attempt-page  {rehearsal}                            | login  404      404     404      404      200     404     404      403
GET  sheets-page  {rehearsal}                             | login  404      404     404      404      >attempt-page 404 404    403
POST clock-move  {rehearsal}                              | login  404      404     404      404      >attempt-page 404 404    403
POST clock-move  {live}                                   | login  403      404     404      403      403     404     404      403
POST clock-move  {rehearsed}                              | login  404      404     404      404      >rehearsal-end 404 404   403
GET  rehearsal-end  {rehearsed}                           | login  404      404     404      404      200     404     404      200
GET  rehearsal-end  {rehearsal}                           | login  404      404     404      404      >attempt-page 404 404    404
GET  rehearsal-end  {released_attempt}                    | login  404      404     404      404      404     404     404      404
GET  result-page  {rehearsed}                             | login  404      404     404      404      >rehearsal-end 404 404   >rehearsal-end
POST attempt-answers  {live} {live_question}              | login  >attempt-page 404 404     403      403     404     404      403
GET  expression-reading  {live}                           | login  200      404     404      403      403     404     404      403
GET  attempt-submit  {live}                               | login  200      404     404      403      403     404     404      403
POST attempt-submit  {live}                               | login  >sheets-page 404 404      403      403     404     404      403
GET  sheets-page  {sheets}                                | login  200      404     404      403      403     404     404      403
GET  sheets-page  {live}                                  | login  >attempt-page 404 404     403      403     404     404      403
GET  sheet-status  {sheets}                               | login  200      404     404      403      403     404     404      403
POST sheet-order  {sheets}                                | login  422      404     404      403      403     404     404      403
POST sheet-remove  {sheets} {client}                      | login  200      404     404      403      403     404     404      403
POST sheet-remove  {sheets} {nobody}                      | login  404      404     404      403      403     404     404      403
POST sheet-rotate  {sheets} {sheet_page}                  | login  200      404     404      403      403     404     404      403
POST sheet-rotate  {sheets} {marking_page}                | login  404      404     404      403      403     404     404      403
POST phone-make  {sheets}                                 | login  200      404     404      403      403     404     404      403
POST phone-make  {marking_attempt}                        | login  422      404     404      403      403     404     404      403
POST phone-end  {sheets}                                  | login  200      404     404      403      403     404     404      403
GET  blueprint-list                                       | login  403      403     403      403      200     200     200      200
GET  blueprint-new  {programme}                           | login  403      403     403      403      200     200     403      200
POST blueprint-new  {programme}                           | login  403      403     403      403      422     422     403      422
GET  blueprint-new  {nobody}                              | login  403      403     403      403      404     404     403      404
GET  blueprint-page  {blueprint}                          | login  404      404     404      404      200     200     404      200
GET  blueprint-edit  {blueprint}                          | login  404      404     404      404      200     403     404      200
POST blueprint-edit  {blueprint}                          | login  404      404     404      404      422     403     404      422
GET  blueprint-edit  {template}                           | login  404      404     404      404      403     403     404      200
POST blueprint-copy  {blueprint}                          | login  404      404     404      404      >blueprint-edit >blueprint-edit 404 >blueprint-edit
POST blueprint-delete  {blueprint}                        | login  404      404     404      404      >blueprint-list 403 404  >blueprint-list
POST blueprint-delete  {template}                         | login  404      404     404      404      403     403     404      >blueprint-list
GET  paper-draft  {blueprint}                             | login  404      404     404      404      200     200     404      200
POST paper-draft  {blueprint}                             | login  404      404     404      404      >paper-draft >paper-draft 404 >paper-draft
GET  paper-swap  {blueprint} 1                            | login  404      404     404      404      200     404     404      404
POST paper-swap  {blueprint} 1                            | login  404      404     404      404      422     404     404      404
GET  paper-swap  {blueprint} 99                           | login  404      404     404      404      404     404     404      404
POST paper-freeze  {blueprint}                            | login  404      404     404      404      422     404     404      404
GET  paper-page  {fixed_paper}                            | login  404      404     404      404      200     200     404      200
GET  paper-page  {sat_paper}                              | login  403      403     404      404      200     200     404      200
POST paper-page  {fixed_paper}                            | login  404      404     404      404      422     422     404      422
POST paper-rehearse  {fixed_paper}                        | login  404      404     404      404      >attempt-page >attempt-page 404 >attempt-page
POST paper-rehearse  {sat_paper}                          | login  403      403     404      404      >attempt-page >attempt-page 404 >attempt-page
GET  paper-pdf  {fixed_paper}                             | login  404      404     404      404      200     200     404      200
GET  paper-pdf  {sat_paper}                               | login  403      403     404      404      200     200     404      200
GET  paper-key-pdf  {fixed_paper}                         | login  404      404     404      404      200     200     404      200
GET  paper-key-pdf  {sat_paper}                           | login  403      403     404      404      200     200     404      200
GET  paper-sheet-pdf  {fixed_paper}                       | login  404      404     404      404      200     200     404      200
GET  paper-sheet-pdf  {sat_paper}                         | login  403      403     404      404      200     200     404      200
GET  paper-list                                           | login  200      200     200      403      403     403     403      403
GET  result-page  {released_attempt}                      | login  200      404     404      200      200     404     404      200
GET  result-page  {marking_attempt}                       | login  200      404     404      200      200     404     404      200
GET  marked-paper  {released_attempt}                     | login  >result-page 404 404      >result-page >result-page 404 404      >result-page
POST marked-paper  {marking_attempt}                      | login  422      404     404      422      422     404     404      422
GET  marked-paper-file  {released_attempt}                | login  >result-page 404 404      >result-page >result-page 404 404      >result-page
POST marked-paper-file  {released_attempt}                | login  405      405     405      405      405     405     405      405
GET  result-bundle  {released_attempt}                    | login  405      405     405      405      405     405     405      405
POST result-bundle  {marking_attempt}                     | login  403      404     404      403      403     404     404      422
GET  after-marks  {released_attempt}                      | login  200      404     404      200      200     404     404      200
GET  after-marks  {marking_attempt}                       | login  200      404     404      200      200     404     404      200
GET  clarification-ask  {released_attempt}                | login  200      404     404      403      403     404     404      403
GET  clarification-ask  {marking_attempt}                 | login  200      404     404      403      403     404     404      403
POST clarification-ask  {released_attempt}                | login  422      404     404      403      403     404     404      403
GET  remark-ask  {released_attempt} {marking_question}    | login  200      404     404      403      403     404     404      403
GET  remark-ask  {released_attempt} {nobody}              | login  404      404     404      403      403     404     404      403
POST remark-ask  {released_attempt} {marking_question}    | login  422      404     404      403      403     404     404      403
GET  remark-decision  {marking}                           | login  403      404     404      403      404     404     404      404
POST remark-decision  {marking}                           | login  403      404     404      403      404     404     404      403
GET  booking-list                                         | login  200      200     200      200      403     403     403      403
GET  booking-new                                          | login  200      200     200      200      403     403     403      403
POST booking-new                                          | login  422      422     422      422      403     403     403      403
GET  booking-page  {booking}                              | login  200      404     404      200      200     404     404      200
GET  booking-move  {booking}                              | login  200      404     404      200      403     404     404      200
POST booking-move  {booking}                              | login  422      404     404      422      403     404     404      422
GET  booking-cancel  {booking}                            | login  405      405     405      405      405     405     405      405
GET  booking-calendar  {booking}                          | login  200      404     404      200      200     404     404      200
POST booking-outcome  {booking}                           | login  403      404     404      403      >own-bookings 404 404   403
GET  own-bookings                                         | login  403      403     403      403      200     200     200      403
POST bookable-day                                         | login  403      403     403      403      422     422     422      403
GET  own-statements                                       | login  403      403     403      403      200     200     200      403
GET  statement-page  {statement}                          | login  404      404     404      404      200     404     404      200
POST statement-page  {statement}                          | login  404      404     404      404      422     404     404      403
GET  statement-csv  {statement}                           | login  404      404     404      404      200     404     404      200
GET  statement-pdf  {statement}                           | login  404      404     404      404      200     404     404      200
GET  imported-result  {imported}                          | login  200      404     404      200      404     404     404      200
GET  imported-page  {imported} 9                          | login  404      404     404      404      404     404     404      404
GET  clarification-page  {thread}                         | login  200      404     404      200      200     404     404      200
POST clarification-page  {thread}                         | login  422      404     404      403      422     404     404      422
POST clarification-close  {thread}                        | login  >clarification-page 404 404 403   >clarification-page 404 404 >clarification-page
GET  clarification-close  {thread}                        | login  405      405     405      405      405     405     405      405
GET  clarification-list                                   | login  403      403     403      403      200     200     200      200
GET  page-image  {marking_page} screen                    | login  >file_download 404 404 >file_download >file_download 404 404    >file_download
GET  page-image  {marking_page} thumb                     | login  >file_download 404 404 >file_download >file_download 404 404    >file_download
GET  page-image  {marking_page} original                  | login  >file_download 404 404 >file_download >file_download 404 404    >file_download
GET  page-image  {marking_page} enormous                  | login  404      404     404      404      404     404     404      404
GET  picture-page  {asked}                                | login  200      404     404      403      403     404     404      403
GET  picture-status  {asked}                              | login  200      404     404      403      403     404     404      403
GET  comment-bank                                         | login  403      403     403      403      200     200     200      403
POST comment-edit  {bank_comment}                         | login  404      404     404      404      422     404     404      404
GET  marking-queue                                        | login  403      403     403      403      200     200     200      403
GET  own-fortnight                                        | login  403      403     403      403      200     200     200      403
POST own-fortnight                                        | login  403      403     403      403      200     200     200      403
GET  marking-claim                                        | login  405      405     405      405      405     405     405      405
POST marking-claim                                        | login  403      403     403      403      >marking-desk >marking-desk 403 403
GET  marking-desk  {marking}                              | login  403      404     404      403      200     404     404      200
GET  marking-desk  {released}                             | login  403      404     404      403      200     404     404      200
GET  marking-desk  {waiting}                              | login  404      403     404      404      404     404     404      200
POST marking-finalise  {marking}                          | login  403      404     404      403      422     404     404      403
POST marking-heartbeat  {marking}                         | login  403      404     404      403      200     404     404      403
POST desk-keys                                            | login  403      403     403      403      422     422     422      403
GET  marking-earlier  {marking} {marking_question}        | login  403      404     404      403      200     404     404      200
GET  marking-step  {marking} {marking_question}           | login  403      404     404      403      200     404     404      200
POST marking-later  {marking}                             | login  403      404     404      403      422     404     404      403
GET  marking-ahead  {marking}                             | login  403      404     404      403      200     404     404      403
GET  marking-pages  {marking}                             | login  403      404     404      403      200     404     404      200
GET  moderation-list                                      | login  403      403     403      403      200     200     200      200
GET  moderation  {moderated}                              | login  404      404     404      404      404     200     404      200
GET  moderation  {marking}                                | login  403      404     404      403      403     404     404      404
POST moderation  {moderated}                              | login  404      404     404      404      404     409     404      409
GET  practice-page  {calibrated}                          | login  403      403     403      403      200     404     403      403
GET  practice-begin  {calibrated}                         | login  405      405     405      405      405     405     405      405
POST practice-begin  {calibrated}                         | login  403      403     403      403      >practice-page 404 403      403
GET  marking-desk  {practised}                            | login  404      404     404      404      200     404     404      200
GET  practice-feedback  {practised}                       | login  404      404     404      404      200     200     404      200
GET  calibration-page  {calibrated}                       | login  404      404     404      404      404     200     404      200
GET  calibration-choose  {calibrated}                     | login  404      404     404      404      404     200     404      200
POST calibration-choose  {calibrated}                     | login  404      404     404      404      404     422     404      422
POST calibration-standing  {calibrated}                   | login  404      404     404      404      404     403     404      404
GET  calibration-resample  {calibrated} {teacher}         | login  404      404     404      404      404     403     404      200
POST calibration-resample  {calibrated} {teacher}         | login  404      404     404      404      404     403     404      422
GET  calibration-script  {script}                         | login  404      404     404      404      404     200     404      200
POST calibration-script  {script}                         | login  404      404     404      404      404     422     404      422
POST calibration-retire  {script}                         | login  404      404     404      404      404     >calibration-page 404 >calibration-page
POST moderation-take  {moderated}                         | login  404      404     404      404      404     >moderation 404   >moderation
GET  scheme-list  {moderated_exam}                        | login  403      403     404      404      403     200     404      200
GET  scheme-change  {moderated_exam} {scheme_version}     | login  403      403     404      404      403     200     404      200
POST scheme-change  {moderated_exam} {scheme_version}     | login  403      403     404      404      403     422     404      422
POST marking-looked  {marking} {marking_question}         | login  403      404     404      403      >marking-desk 404 404 403
"""

API = """
POST api-token                                            | 422    422      422     422      422      422     422     422      422
GET  api-token                                            | 405    405      405     405      405      405     405     405      405
POST api-token-refresh                                    | 422    422      422     422      422      422     422     422      422
POST api-token-revoke                                     | 422    422      422     422      422      422     422     422      422
GET  api-exams                                            | 401    200      200     200      200      200     200     200      200
POST api-exam-attempts  {open_exam}                       | 401    201      201     404      404      403     403     404      403
GET  api-course-enrolments  {course}                      | 401    403      403     403      403      200     403     403      200
POST api-course-enrolments  {course}                      | 401    403      403     403      403      422     403     403      422
GET  api-course-enrolments  {nobody}                      | 401    404      404     404      404      404     404     404      404
GET  api-enrolment  {course_enrolment}                    | 401    200      404     404      200      200     404     404      200
GET  api-external-assessments                             | 401    200      200     200      200      200     200     200      200
POST api-external-launches  {elsewhere}                   | 401    201      201     404      404      403     403     404      403
POST api-external-results  {tool}                         | 401    401      401     401      401      401     401     401      401
GET  api-external-results  {tool}                         | 405    405      405     405      405      405     405     405      405
POST api-external-results  {nobody}                       | 404    404      404     404      404      404     404     404      404
GET  api-attempt  {live}                                  | 401    200      404     404      403      403     404     404      200
PUT  api-attempt-response  {live} {live_question}         | 401    422      404     404      403      403     404     404      403
POST api-attempt-response-check {live} {live_question}    | 401    422      404     404      403      403     404     404      403
POST api-attempt-events  {live}                           | 401    422      404     404      403      403     404     404      403
PUT  api-attempt-times  {live}                            | 401    422      404     404      403      403     404     404      403
POST api-question-flags  {marking_question}               | 401    422      422     404      404      422     422     404      422
POST api-question-flags  {live_question}                  | 401    422      422     404      404      422     422     404      422
POST api-attempt-submit  {live}                           | 401    200      404     404      403      403     404     404      403
POST api-sheets  {sheets}                                 | 401    422      404     404      403      403     404     404      403
POST api-sheets-confirm  {sheets}                         | 401    422      404     404      403      403     404     404      403
POST api-sheet-done  {sheets} {unsent}                    | 401    422      404     404      403      403     404     404      403
POST api-sheet-done  {sheets} {nobody}                    | 401    404      404     404      403      403     404     404      403
GET  api-exam-marks  {open_exam}                          | 401    403      403     404      404      403     403     404      200
GET  api-attempt-result  {released_attempt}               | 401    200      404     404      200      200     404     404      200
GET  api-marked-paper  {released_attempt}                 | 401    200      404     404      200      200     404     404      200
POST api-marked-paper  {released_attempt}                 | 401    202      404     404      202      202     404     404      202
GET  api-evaluation-list                                  | 401    200      200     200      200      200     200     200      200
POST api-evaluation-claim                                 | 401    403      403     403      403      200     200     403      403
GET  api-evaluation-claim                                 | 401    405      405     405      405      405     405     405      405
GET  api-evaluation-detail  {marking}                     | 401    403      404     404      403      200     404     404      200
PUT  api-evaluation-mark  {marking} {marking_question}    | 401    403      404     404      403      422     404     404      403
PUT  api-evaluation-annotations  {marking}                | 401    403      404     404      403      422     404     404      403
POST api-evaluation-operations  {marking}                 | 401    403      404     404      403      422     404     404      403
POST api-evaluation-finalise  {marking}                   | 401    403      404     404      403      422     404     404      403
GET  api-pictures  {released}                             | 401    403      404     404      403      200     404     404      200
POST api-pictures  {marking}                              | 401    403      404     404      403      422     404     404      403
GET  api-picture  {asked}                                 | 401    200      404     404      200      200     404     404      200
POST api-picture-withdraw  {asked}                        | 401    403      404     404      403      409     404     404      403
POST api-picture-sheets  {asked}                          | 401    422      404     404      403      403     404     404      403
POST api-picture-sheet-done  {asked} {nobody}             | 401    422      404     404      403      403     404     404      403
"""

TABLE = [
    *read_table(PUBLIC),
    *read_table(ACCOUNT),
    *read_table(PAGES),
    *read_table(BANK),
    *read_table(API),
    *read_table(ROOMS),
]
