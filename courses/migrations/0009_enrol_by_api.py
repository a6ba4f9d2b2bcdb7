from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("courses", "0008_learning_paths")]

    operations = [
        migrations.AlterModelOptions(
            name="course",
            options={
                "ordering": ["title", "id"],
                "permissions": [("enrol_by_api", "Can enrol people in courses by the API")],
                "verbose_name": "course",
            },
        ),
    ]
