"""The SQL that fills a queue: $papers papers that wait, and few that teachers have. `$name` is replaced."""
# ruff: noqa: E501 - statements, not code

IDS = """
-- A UUIDv7 of its own for every number.
CREATE OR REPLACE FUNCTION bench_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$$$ SELECT (lpad(to_hex(1790000000000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid $$$$;
"""

# Everything is handed in within the last two days and due within the next three, the first in two hours.
FILL = {
    "assessments_attempt": """
INSERT INTO assessments_attempt (id, state, started_at, ends_at, sheets_due_at, submitted_at, submit_reason, handed_in_at,
    objective_marks, objective_max, student_id, exam_id, paper_id)
SELECT bench_id(1, n), 'handed_in', at - interval '1 hour', at, at, at, 'student', at, 0, 0, student.id, '$exam', '$paper'
FROM (SELECT n, now() - interval '2 days' + n * interval '47 hours' / $papers AS at FROM generate_series(1, $papers) AS n) AS paper
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM accounts_user WHERE is_student) AS student
    ON student.place = paper.n % $students + 1
""",
    "evaluations_evaluation": """
INSERT INTO evaluations_evaluation (id, state, submitted_at, due_at, half_at, most_at, remind_at, expected_seconds, assigned_at,
    active_seconds, max_marks, attempt_id, teacher_id, policy_id)
SELECT bench_id(2, n), CASE WHEN teacher.id IS NULL THEN 'queued' ELSE 'assigned' END, at, due, due - interval '90 minutes',
    due - interval '40 minutes', due - interval '90 minutes', CASE WHEN teacher.id IS NULL THEN 0 ELSE 600 END,
    CASE WHEN teacher.id IS NOT NULL THEN at END, 0, 18, bench_id(1, n), teacher.id, '$policy'
FROM (SELECT n, now() - interval '2 days' + n * interval '47 hours' / $papers AS at,
             now() + interval '2 hours' + n * interval '70 hours' / $papers AS due FROM generate_series(1, $papers) AS n) AS paper
LEFT JOIN (SELECT user_id AS id, row_number() OVER (ORDER BY user_id) AS place FROM accounts_teacherprofile) AS teacher
    ON paper.n % ($papers / 400) = 0 AND teacher.place = (paper.n / ($papers / 400)) % $teachers + 1
""",
    "evaluations_transition": """
INSERT INTO evaluations_transition (id, at, name, from_state, to_state, reason, evaluation_id)
SELECT bench_id(3, n), now() - interval '2 days', 'open', '', 'queued', '', bench_id(2, n) FROM generate_series(1, $papers) AS n
""",
}
