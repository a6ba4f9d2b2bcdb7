"""Who may change things while acting for a person."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_first_consent_texts"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": [("act_as_write", "Can change things while acting for a person")],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
    ]
