"""What goes out as QTI comes back the same, in both versions; the package is what the standard asks for."""

import io
import zipfile

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assessments.services.formats.items import FormatError
from assessments.services.formats.qti import parse, write
from assessments.tests.formats.exported import TYPES, items

# Shrinking renders every formula again and again; the failing item says enough.
some = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)


@pytest.mark.parametrize("version", ["2.1", "3.0"])
@pytest.mark.parametrize("type", TYPES)
def test_every_type_comes_back_the_same(type, version):
    @some
    @given(item=items(type))
    def round_trip(item):
        parsed = parse(write([item], version=version))
        assert not parsed.skipped
        (found,) = parsed.items
        assert found.content == item.content
        assert (found.type, found.name, found.key) == (type, item.name, item.key)
        assert (found.chapter, found.topic, found.tags) == (item.chapter, item.topic, item.tags)
        assert found.pictures == (item.pictures if "heart.png" in repr(item.content) else ())
        assert found.notes == ()

    round_trip()


@pytest.mark.parametrize("version", ["2.1", "3.0"])
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_a_package_lists_every_file_and_every_file_is_xml(version, data):
    written = [data.draw(items(type)) for type in TYPES]
    package = zipfile.ZipFile(io.BytesIO(write(written, version=version)))
    manifest = fromstring(package.read("imsmanifest.xml"))
    named = {one.get("href") for one in manifest.iter() if one.tag.endswith("}file")}
    assert named == set(package.namelist()) - {"imsmanifest.xml"}
    kinds = {one.get("type") for one in manifest.iter() if one.tag.endswith("}resource")}
    assert kinds == {"imsqti_item_xmlv2p1" if version == "2.1" else "imsqti_item_xmlv3p0"}
    for name in package.namelist():
        if name.endswith(".xml"):
            fromstring(package.read(name))
    found = parse(write(written, version=version)).items
    assert [one.content for one in found] == [one.content for one in written]


def test_a_package_without_items_is_refused():
    with pytest.raises(FormatError):
        parse(write([]))
