from django.db import migrations

INDEX = "course_words_idx"


def build_index(apps, schema_editor):
    """Full text search of the catalogue on PostgreSQL; SQLite reads the words one after the other."""
    if schema_editor.connection.vendor == "postgresql":
        # The very expression that the selector's SearchVector makes, or the index would not be used.
        schema_editor.execute(
            f"CREATE INDEX {INDEX} ON courses_course USING gin (to_tsvector('simple'::regconfig, COALESCE(words, '')))",
            params=None,
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX {INDEX}", params=None)


class Migration(migrations.Migration):
    dependencies = [("courses", "0002_courses")]

    operations = [migrations.RunPython(build_index, drop_index)]
