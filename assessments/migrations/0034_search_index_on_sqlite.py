"""Full text search on SQLite: an FTS5 index over the words of questions, as 0011 made one on PostgreSQL.

The index holds no text of its own. Its rows need numbers that stay, and the digests are known by the id of their
question, so a table keeps the number of each (rows without a numeric key may be numbered anew by VACUUM). Triggers keep
both in step with the digests, whoever writes them.

Words are what `likeness.WORD` takes for one: vowel signs of Indian scripts, accents and joiners belong to their word,
and letters keep their accents. Names for imports are found by their beginning in either case, which their unique index
cannot.
"""

from django.db import migrations

# An index without text must be told what it forgets: the words as they were.
MADE = (
    """CREATE TABLE assessments_questionnumber
       (id integer NOT NULL PRIMARY KEY, question_id char(32) NOT NULL UNIQUE)""",
    """CREATE VIRTUAL TABLE assessments_questionwords USING fts5 (words, content='', prefix='2 3',
       tokenize="unicode61 remove_diacritics 0 categories 'L* N* Co Mn Mc' tokenchars '_\u200c\u200d'")""",
    """INSERT INTO assessments_questionnumber (question_id)
       SELECT question_id FROM assessments_questiondigest ORDER BY question_id""",
    """INSERT INTO assessments_questionwords (rowid, words) SELECT id, words
       FROM assessments_questionnumber JOIN assessments_questiondigest USING (question_id)""",
    """CREATE TRIGGER assessments_questionwords_insert AFTER INSERT ON assessments_questiondigest BEGIN
       INSERT INTO assessments_questionnumber (question_id) VALUES (NEW.question_id);
       INSERT INTO assessments_questionwords (rowid, words)
       SELECT id, NEW.words FROM assessments_questionnumber WHERE question_id = NEW.question_id; END""",
    """CREATE TRIGGER assessments_questionwords_update AFTER UPDATE OF words ON assessments_questiondigest BEGIN
       INSERT INTO assessments_questionwords (assessments_questionwords, rowid, words)
       SELECT 'delete', id, OLD.words FROM assessments_questionnumber WHERE question_id = OLD.question_id;
       INSERT INTO assessments_questionwords (rowid, words)
       SELECT id, NEW.words FROM assessments_questionnumber WHERE question_id = NEW.question_id; END""",
    """CREATE TRIGGER assessments_questionwords_delete AFTER DELETE ON assessments_questiondigest BEGIN
       INSERT INTO assessments_questionwords (assessments_questionwords, rowid, words)
       SELECT 'delete', id, OLD.words FROM assessments_questionnumber WHERE question_id = OLD.question_id;
       DELETE FROM assessments_questionnumber WHERE question_id = OLD.question_id; END""",
    "CREATE INDEX assessments_question_key_nocase ON assessments_question (key COLLATE NOCASE)",
)
REMOVED = (
    "DROP INDEX assessments_question_key_nocase",
    "DROP TRIGGER assessments_questionwords_insert",
    "DROP TRIGGER assessments_questionwords_update",
    "DROP TRIGGER assessments_questionwords_delete",
    "DROP TABLE assessments_questionwords",
    "DROP TABLE assessments_questionnumber",
)


def build_index(apps, schema_editor):
    run(schema_editor, MADE)


def drop_index(apps, schema_editor):
    run(schema_editor, REMOVED)


def run(schema_editor, statements):
    if schema_editor.connection.vendor == "sqlite":
        for statement in statements:
            schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0033_first_attempts")]

    operations = [migrations.RunPython(build_index, drop_index)]
