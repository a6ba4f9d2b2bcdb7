"""The SQL that fills the database: every big table in one INSERT … SELECT. `$name` is replaced by a size.

Helper tables live in the schema `bench`; product rows are made from them. A row's shape follows its number, so sums
(objective marks, written marks) are known per paper and need no second pass over two million rows.
"""
# ruff: noqa: E501 - statements, not code

# --- People and groups, before the question bank (which needs an author and a verifier) --------------------------------
PEOPLE = """
CREATE SCHEMA bench;
CREATE TABLE bench.seed (fingerprint text NOT NULL, reference timestamptz NOT NULL);
-- A UUIDv7: 48 bits of milliseconds, then digits that depend on `salt` only.
CREATE FUNCTION bench.uuid7(at timestamptz, salt text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$$$ SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(salt), 1, 3)
     || '8' || substr(md5(salt), 4, 15))::uuid $$$$;

CREATE TABLE bench.person AS
SELECT role, n, bench.uuid7('2026-04-01'::timestamptz + n * interval '1 minute', role || n) AS id,
       role || lpad(n::text, 5, '0') || '@bench.example' AS email, initcap(role) || ' Number ' || n AS name
FROM (SELECT 'student' AS role, generate_series(1, $students) AS n
      UNION ALL SELECT 'teacher', generate_series(1, $teachers)
      UNION ALL SELECT 'guardian', generate_series(1, $students / 10)
      UNION ALL SELECT 'staff', 1) AS everybody;
CREATE UNIQUE INDEX ON bench.person (role, n);

INSERT INTO accounts_user (id, email, name, password, is_superuser, is_student, is_teacher, is_guardian, is_staff,
    is_active, language, time_zone, date_joined)
SELECT id, email, name, '!bench', false, role = 'student', role = 'teacher', role = 'guardian', role = 'staff',
    true, 'en', 'Asia/Kolkata', '2026-04-01' FROM bench.person;
INSERT INTO account_emailaddress (email, verified, "primary", user_id) SELECT email, true, true, id FROM bench.person;
INSERT INTO accounts_studentprofile (user_id, grade)
SELECT id, 'X' FROM bench.person WHERE role = 'student';
INSERT INTO assessments_accommodation (id, student_id, extra_time_percent, large_print, dyslexia_font, starts_on, reason,
    granted_at)
SELECT bench.uuid7('2026-04-02', 'accommodation' || n), id, 25, false, false, '2026-04-02', 'bench', '2026-04-02'
FROM bench.person WHERE role = 'student' AND n % 50 = 0;
INSERT INTO accounts_teacherprofile (user_id, verified_at, open_paper_cap, seconds_per_mark)
SELECT id, '2026-04-02', 20, 45 FROM bench.person WHERE role = 'teacher';
INSERT INTO accounts_guardianlink (id, relation, state, created_at, guardian_id, student_id)
SELECT bench.uuid7('2026-04-03', 'link' || g.n), 'mother', 'active', '2026-04-03', g.id, s.id
FROM bench.person g JOIN bench.person s ON s.role = 'student' AND s.n = g.n * 10 WHERE g.role = 'guardian';
"""

# --- Exams, cohorts and who is in them; papers are drawn by then, in order of their seed ----------------------------------
EXAMS = """
CREATE TABLE bench.cohort AS
SELECT n, bench.uuid7('2026-04-02', 'cohort' || n) AS id FROM generate_series(0, $cohorts - 1) AS n;
INSERT INTO courses_cohort (id, name, is_active, programme_id)
SELECT c.id, 'Batch ' || c.n, true, p.id FROM bench.cohort c, courses_programme p;
INSERT INTO courses_cohortmembership (role, cohort_id, user_id)
SELECT 'student', c.id, s.id FROM bench.person s JOIN bench.cohort c ON c.n = s.n % $cohorts WHERE s.role = 'student';
INSERT INTO courses_cohortmembership (role, cohort_id, user_id)
SELECT 'teacher', c.id, t.id FROM bench.person t JOIN bench.cohort c ON c.n IN (t.n % $cohorts, (t.n + 25) % $cohorts)
WHERE t.role = 'teacher';
INSERT INTO courses_teachingqualification (teacher_id, programme_id)
SELECT t.id, p.id FROM bench.person t, courses_programme p WHERE t.role = 'teacher';
INSERT INTO accounts_entitlement (id, feature, quantity, used, value, source, starts_at, ends_at, user_id)
SELECT bench.uuid7('2026-04-03', 'plan' || n), 'exam.attempt', 60, 10, '', 'bench', '2026-04-01'::timestamptz, NULL::timestamptz, id
FROM bench.person WHERE role = 'student'
UNION ALL SELECT bench.uuid7('2026-04-03', 'sla' || n), 'evaluation.sla', NULL, 0, 'working-9h', 'bench', '2026-04-01'::timestamptz, NULL::timestamptz, id
FROM bench.person WHERE role = 'student' AND n % 4 = 0;

-- The first five sixths are over, half of the rest is open for a month, the others lie ahead.
CREATE TABLE bench.exam AS
SELECT n, paper, bench.uuid7(opens_at - interval '10 days', 'exam' || n) AS id, opens_at,
       opens_at + CASE WHEN n >= $exams * 5 / 6 THEN interval '30 days' ELSE interval '1 day' END AS closes_at
FROM (SELECT n, (SELECT id FROM assessments_paper WHERE seed = n % $papers) AS paper,
             CASE WHEN n < $exams * 5 / 6 THEN now() - ($exams * 5 / 6 + 1 - n) * interval '20 hours'
                  WHEN n < $exams * 11 / 12 THEN now() - interval '1 day'
                  ELSE now() + interval '3 days' END AS opens_at
      FROM generate_series(0, $exams - 1) AS n) AS dated;
INSERT INTO assessments_exam (id, title, duration_minutes, upload_grace_minutes, opens_at, closes_at, max_attempts,
    release, hide_names, is_published, programme_id, paper_id)
SELECT e.id, 'Mathematics mock ' || e.n, 180, 5, e.opens_at, e.closes_at, 1, 'when_marked', true, true,
    p.programme_id, p.id FROM bench.exam e JOIN assessments_paper p ON p.id = e.paper;
CREATE TABLE bench.exam_cohort AS
SELECT e.n AS exam, (e.n + k * 13) % $cohorts AS cohort FROM bench.exam e, generate_series(0, 3) AS k;
INSERT INTO assessments_exam_cohorts (exam_id, cohort_id)
SELECT e.id, c.id FROM bench.exam_cohort l JOIN bench.exam e ON e.n = l.exam JOIN bench.cohort c ON c.n = l.cohort;
"""

# --- What an answer and a marked question look like, per paper ------------------------------------------------------------
SHAPES = """
CREATE TABLE bench.answer AS
SELECT q.paper_id AS paper, q.id AS question, q.number, right_one,
       CASE WHEN right_one THEN v.answer - 'tolerance' - 'unit'
            WHEN v.answer ? 'choices' THEN jsonb_build_object('choices', jsonb_build_array(
                CASE WHEN v.answer -> 'choices' @> '["A"]' THEN 'B' ELSE 'A' END))
            ELSE '{"value": "-1"}' END AS answer,
       CASE WHEN right_one THEN q.marks ELSE 0 END AS marks
FROM assessments_paperquestion q JOIN assessments_questionversion v ON v.id = q.version_id,
     (VALUES (true), (false)) AS variants (right_one) WHERE NOT q.is_written;
CREATE TABLE bench.scheme AS
SELECT q.paper_id AS paper, q.id AS question, q.number, way.variant, jsonb_object_agg(s.id, s.marks::text) AS steps,
       least(sum(s.marks), q.marks) AS marks, (array_agg(s.id ORDER BY s.position))[1] AS first_step
FROM assessments_paperquestion q JOIN assessments_markingstep s ON s.version_id = q.version_id AND s.alternative <> 'b',
     (VALUES (0), (1)) AS way (variant)
WHERE q.is_written AND q.alternative <> 'b' AND (s.position = 1 OR way.variant = 0 OR s.position % 2 = 0)
GROUP BY q.paper_id, q.id, q.number, q.marks, way.variant;
-- Seven of ten answers are right; which ones moves with the attempt's number.
CREATE TABLE bench.sums AS
SELECT o.paper, o.n10, o.objective, w.written FROM
  (SELECT paper, n10, sum(marks) AS objective FROM bench.answer, generate_series(0, 9) AS n10
   WHERE right_one = ((n10 * 7 + number * 3) % 10 < 7) GROUP BY paper, n10) AS o
  JOIN (SELECT paper, n2, sum(marks) AS written FROM bench.scheme, generate_series(0, 1) AS n2
        WHERE variant = (n2 + number) % 2 GROUP BY paper, n2) AS w ON w.paper = o.paper AND w.n2 = o.n10 % 2;
"""

# --- Attempts, from the oldest to the newest -----------------------------------------------------------------------------
ATTEMPTS = """
CREATE TABLE bench.sitting AS
SELECT row_number() OVER (ORDER BY started_at, student) AS n, student, exam, paper, started_at, NULL::uuid AS id,
       NULL::text AS state, NULL::uuid AS teacher, NULL::uuid AS evaluation
FROM (SELECT s.id AS student, e.id AS exam, e.paper, e.opens_at + (s.n % 900) * interval '1 minute' AS started_at,
             rank() OVER (PARTITION BY s.id ORDER BY e.n) AS place, s.n AS number
      FROM bench.person s JOIN bench.exam_cohort l ON l.cohort = s.n % $cohorts
      JOIN bench.exam e ON e.n = l.exam AND e.n < $exams * 5 / 6 WHERE s.role = 'student') AS possible
WHERE (place + number) % 2 = 0;
UPDATE bench.sitting SET id = bench.uuid7(started_at, 'attempt' || n),
    evaluation = bench.uuid7(started_at + interval '4 hours', 'evaluation' || n),
    state = CASE WHEN n <= $attempts - 1000 OR n % 20 = 19 THEN 'released' WHEN n % 20 < 5 THEN 'queued'
                 WHEN n % 20 < 15 THEN 'assigned' WHEN n % 20 = 15 THEN 'in_progress' ELSE 'finalised' END,
    teacher = (SELECT id FROM bench.person WHERE role = 'teacher' AND person.n = (sitting.n / 20) % $teachers + 1);
ANALYZE bench.sitting;

INSERT INTO assessments_attempt (id, state, started_at, ends_at, sheets_due_at, submitted_at, submit_reason, handed_in_at,
    objective_marks, objective_max, student_id, exam_id, paper_id)
SELECT s.id, 'handed_in', started_at, started_at + interval '180 minutes', started_at + interval '185 minutes',
    started_at + interval '175 minutes', 'student', started_at + interval '183 minutes', m.objective, 20,
    student, exam, s.paper FROM bench.sitting s JOIN bench.sums m ON m.paper = s.paper AND m.n10 = s.n % 10 ORDER BY s.n;
INSERT INTO evaluations_evaluation (id, state, submitted_at, due_at, expected_seconds, assigned_at, claimed_at, lease_until,
    finalised_at, released_at, active_seconds, written_marks, total_marks, max_marks, attempt_id, teacher_id, policy_id)
SELECT evaluation, s.state, handed_in, CASE WHEN is_open THEN now() + (s.n % 40 - 4) * interval '1 hour'
        ELSE handed_in + interval '48 hours' END, 2700,
    CASE WHEN s.state <> 'queued' THEN handed_in + interval '1 minute' END,
    CASE WHEN s.state IN ('in_progress', 'finalised', 'released') THEN handed_in + interval '5 hours' END,
    CASE WHEN s.state = 'in_progress' THEN now() + interval '10 minutes' END,
    CASE WHEN NOT is_open THEN handed_in + (20 + s.n % 26) * interval '1 hour' END,
    CASE WHEN s.state = 'released' THEN handed_in + (20 + s.n % 26) * interval '1 hour' END,
    CASE WHEN is_open THEN 0 ELSE 1800 + s.n % 1200 END,
    CASE WHEN NOT is_open THEN m.written END, CASE WHEN NOT is_open THEN m.objective + m.written END, 80, s.id,
    CASE WHEN s.state <> 'queued' THEN s.teacher END, (SELECT id FROM evaluations_slapolicy WHERE is_default)
FROM (SELECT *, started_at + interval '183 minutes' AS handed_in, state IN ('queued', 'assigned', 'in_progress') AS is_open
      FROM bench.sitting) AS s JOIN bench.sums m ON m.paper = s.paper AND m.n10 = s.n % 10 ORDER BY s.n;
"""

# One table each: the runner drops their indexes first and makes them again afterwards.
BIG = {
    "assessments_response": """
INSERT INTO assessments_response (seq, answer, marked_for_review, saved_at, is_correct, marks, attempt_id, question_id)
SELECT 3, a.answer, (s.n + a.number) % 40 = 0, s.started_at + a.number * interval '3 minutes', a.right_one, a.marks,
    s.id, a.question
FROM bench.sitting s JOIN bench.answer a ON a.paper = s.paper AND a.right_one = ((s.n % 10 * 7 + a.number * 3) % 10 < 7)
""",
    "evaluations_questionmark": """
INSERT INTO evaluations_questionmark (version, steps, marks, comment, updated_at, evaluation_id, question_id)
SELECT 1, c.steps, c.marks, CASE WHEN (s.n + c.number) % 6 = 0 THEN 'Show the step where the sign changes.' ELSE '' END,
    s.started_at + interval '23 hours', s.evaluation, c.question
FROM bench.sitting s JOIN bench.scheme c ON c.paper = s.paper AND c.variant = (s.n + c.number) % 2
WHERE s.state IN ('released', 'finalised') OR (s.state = 'in_progress' AND c.number < 27)
""",
    "assessments_sheetupload": """
INSERT INTO assessments_sheetupload (id, client_id, page_number, sha256, size, content_type, storage_key, state,
    refused_code, refused_message, intended_at, verified_at, attempt_id)
SELECT bench.uuid7(s.started_at + interval '3 hours', 'upload' || s.n || '-' || page), md5(s.n || 'c' || page)::uuid, page,
    repeat(md5(s.n::text), 2), 900000, 'image/jpeg', 'sheets/' || s.id || '/' || page || '.jpg', 'verified', '', '',
    s.started_at + interval '3 hours', s.started_at + interval '181 minutes', s.id
FROM bench.sitting s, generate_series(1, 2) AS page
""",
    "assessments_sheetpage": """
INSERT INTO assessments_sheetpage (id, index, state, screen_key, thumb_key, width, height, advice, tries, upload_id, rotation)
SELECT bench.uuid7(s.started_at + interval '3 hours', 'page' || s.n || '-' || page), 0, 'ready',
    'pages/' || s.id || '/' || page || '.webp', 'pages/' || s.id || '/' || page || '-thumb.webp', 1240, 1754, '[]', 1,
    bench.uuid7(s.started_at + interval '3 hours', 'upload' || s.n || '-' || page), 0
FROM bench.sitting s, generate_series(1, 2) AS page
""",
    "assessments_pagequestion": """
INSERT INTO assessments_pagequestion (number, page_id)
SELECT number, bench.uuid7(s.started_at + interval '3 hours', 'page' || s.n || '-' || CASE WHEN number < 30 THEN 1 ELSE 2 END)
FROM bench.sitting s, generate_series(21, 38) AS number WHERE s.n > $attempts - $recent
""",
    "evaluations_annotation": """
INSERT INTO evaluations_annotation (id, kind, geometry, text, marks, version, updated_at, author_id, page_id, question_id,
    step_id, evaluation_id)
SELECT md5('ink' || s.n || '-' || c.number)::uuid, 'tick', jsonb_build_object('x', 0.82, 'y', (c.number % 9) / 10.0 + 0.05),
    '', '1', 1, s.started_at + interval '23 hours', s.teacher,
    bench.uuid7(s.started_at + interval '3 hours', 'page' || s.n || '-' || CASE WHEN c.number < 30 THEN 1 ELSE 2 END),
    c.question, c.first_step, s.evaluation
FROM bench.sitting s JOIN bench.scheme c ON c.paper = s.paper AND c.variant = 0
WHERE s.n > $attempts - $recent AND s.state IN ('released', 'finalised')
""",
    "evaluations_markevent": """
INSERT INTO evaluations_markevent (id, version, steps, marks, comment, at, actor_id, evaluation_id, question_id)
SELECT bench.uuid7(s.started_at + interval '23 hours', 'mark' || s.n || '-' || c.number), 1, c.steps, c.marks, '',
    s.started_at + interval '23 hours', s.teacher, s.evaluation, c.question
FROM bench.sitting s JOIN bench.scheme c ON c.paper = s.paper AND c.variant = (s.n + c.number) % 2
WHERE s.n > $attempts - $recent AND s.state IN ('released', 'finalised')
""",
    "evaluations_transition": """
INSERT INTO evaluations_transition (id, at, name, from_state, to_state, reason, evaluation_id)
SELECT bench.uuid7(s.started_at + hours * interval '1 hour', name || s.n), s.started_at + hours * interval '1 hour', name,
    from_state, to_state, '', s.evaluation
FROM bench.sitting s, (VALUES ('open', '', 'queued', 4), ('assign', 'queued', 'assigned', 5), ('claim', 'assigned',
    'in_progress', 8), ('finalise', 'in_progress', 'finalised', 23), ('release', 'finalised', 'released', 24))
    AS steps (name, from_state, to_state, hours) WHERE s.n > $attempts - $recent
""",
    "notifications_notification": """
INSERT INTO notifications_notification (id, kind, cause, title, body, url, created_at, read_at, mail_state, mail_tries, user_id)
SELECT bench.uuid7(at, kind || s.n), kind, s.evaluation::text, title, '', '/results/' || s.id || '/', at,
    CASE WHEN s.n <= $attempts - $recent / 10 THEN at + interval '2 hours' END, 'sent', 1, s.student
FROM (SELECT *, started_at + interval '1 day' AS at FROM bench.sitting) AS s,
     (VALUES ('paper_received', 'Your sheets are with us'), ('paper_returned', 'Your paper is back')) AS kinds (kind, title)
WHERE kind = 'paper_received' OR s.state = 'released'
""",
    "accounts_auditevent": """
INSERT INTO accounts_auditevent (id, at, actor_id, actor_label, action, object_type, object_id, before, after, reason)
SELECT bench.uuid7(s.started_at + interval '1 day', 'audit' || s.n), s.started_at + interval '1 day', s.teacher, 'Teacher',
    'evaluation.finalised', 'evaluations.evaluation', s.evaluation::text, '{}', '{}', ''
FROM bench.sitting s WHERE s.n > $attempts - $recent
""",
}

# --- A few hundred students who sit an exam now: one each, in an exam that is open for their cohort -------------------------
LIVE = """
CREATE TABLE bench.live AS
SELECT DISTINCT ON (s.n) s.n, s.id AS student, e.id AS exam, e.paper, bench.uuid7(now(), 'live' || s.n) AS id
FROM bench.person s JOIN bench.exam_cohort l ON l.cohort = s.n % $cohorts
JOIN bench.exam e ON e.n = l.exam AND e.n BETWEEN $exams * 5 / 6 AND $exams * 11 / 12 - 1
WHERE s.role = 'student' AND s.n % ($students / $live) = 0 ORDER BY s.n, e.n;
INSERT INTO assessments_attempt (id, state, started_at, ends_at, sheets_due_at, submit_reason, student_id, exam_id, paper_id)
SELECT id, 'in_progress', now(), now() + interval '180 minutes', now() + interval '185 minutes', '', student, exam, paper
FROM bench.live;
INSERT INTO assessments_response (seq, answer, marked_for_review, saved_at, attempt_id, question_id)
SELECT 1, a.answer, false, now(), l.id, a.question FROM bench.live l JOIN bench.answer a ON a.paper = l.paper
WHERE a.right_one AND a.number <= 10;
"""

# --- Before every run: what was "now" when the database was made becomes now ------------------------------------------------
FRESHEN = """
UPDATE assessments_exam SET opens_at = opens_at + passed, closes_at = closes_at + passed
FROM (SELECT now() - reference AS passed FROM bench.seed) AS clock;
UPDATE assessments_attempt SET started_at = now(), ends_at = now() + interval '180 minutes',
    sheets_due_at = now() + interval '185 minutes' WHERE state = 'in_progress';
UPDATE evaluations_evaluation SET due_at = due_at + passed, submitted_at = submitted_at + passed
FROM (SELECT now() - reference AS passed FROM bench.seed) AS clock WHERE state IN ('queued', 'assigned', 'in_progress');
UPDATE evaluations_evaluation SET lease_until = now() + interval '10 minutes' WHERE state = 'in_progress';
UPDATE bench.seed SET reference = now();
"""
