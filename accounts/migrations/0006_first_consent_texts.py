"""Texts of consents are append-only, and the first version of each."""

from typing import Any

from django.db import migrations

from common.append_only import AppendOnly

TEXTS = {
    (
        "guardian_access",
        "en",
    ): "My guardian may see my exams, my marked papers, my marks and my progress, and may talk to "
    "the institute about them. They do not sit exams for me and change nothing. I can withdraw this at any time.",
    ("guardian_access", "hi"): "मेरे अभिभावक मेरी परीक्षाएँ, जाँची हुई कॉपियाँ, अंक और प्रगति देख सकते हैं और उनके बारे में संस्थान से "
    "बात कर सकते हैं। वे मेरी जगह परीक्षा नहीं देते और कुछ नहीं बदलते। मैं इसे कभी भी वापस ले सकता/सकती हूँ।",
    ("scan_use", "en"): "Pages of my answer sheets, without my name, may be used to improve how marks are suggested to "
    "teachers. A teacher still decides every mark. When I withdraw this, no further page is used.",
    ("scan_use", "hi"): "मेरी उत्तर-पुस्तिका के पन्ने, बिना मेरे नाम के, शिक्षकों को अंक सुझाने का तरीका सुधारने के लिए इस्तेमाल किए जा "
    "सकते हैं। हर अंक शिक्षक ही तय करते हैं। वापस लेने पर आगे कोई पन्ना इस्तेमाल नहीं होगा।",
    (
        "leaderboard",
        "en",
    ): "My initials and my results may appear on leaderboards that students of my batch see. When I "
    "withdraw this, I disappear from them.",
    ("leaderboard", "hi"): "मेरे नाम के पहले अक्षर और मेरे परिणाम उन सूचियों में दिख सकते हैं जिन्हें मेरे बैच के विद्यार्थी देखते हैं। "
    "वापस लेने पर मैं उनमें नहीं दिखूँगा/दिखूँगी।",
}


def write(apps: Any, schema_editor: Any) -> None:
    text = apps.get_model("accounts", "ConsentText")
    text.objects.bulk_create(
        text(kind=kind, language=language, version=1, text=words) for (kind, language), words in TEXTS.items()
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_families_and_consent_texts")]

    operations = [AppendOnly("ConsentText"), migrations.RunPython(write, migrations.RunPython.noop)]
