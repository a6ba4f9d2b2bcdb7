from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assessments", "0029_fill_question_facets")]

    operations = [
        AddIndexOnline("question", models.Index(fields=["author", "id"], name="question_author_list_idx")),
        AddIndexOnline("question", models.Index(fields=["chapter", "id"], name="question_chapter_list_idx")),
        AddIndexOnline("question", models.Index(fields=["topic", "id"], name="question_topic_list_idx")),
        AddIndexOnline("question", models.Index(fields=["type", "id"], name="question_type_list_idx")),
        AddIndexOnline("question", models.Index(fields=["state", "id"], name="question_state_list_idx")),
        AddIndexOnline("question", models.Index(fields=["marks", "id"], name="question_marks_list_idx")),
        AddIndexOnline("question", models.Index(fields=["difficulty", "id"], name="question_difficulty_list_idx")),
        AddIndexOnline("question", models.Index(fields=["cognitive_level", "id"], name="question_level_list_idx")),
        AddIndexOnline(
            "question",
            models.Index(
                fields=["state", "chapter", "type", "marks", "difficulty", "cognitive_level"],
                name="question_stock_idx",
            ),
        ),
    ]
