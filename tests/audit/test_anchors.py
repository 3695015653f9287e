import json
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from audit import actions, anchors
from audit.anchors import BadAnchor, anchor, read_anchors

from .conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.AUDIT_SIGNING_KEY = "fifty random characters, more or less, of no meaning"
    settings.AUDIT_ANCHOR_DIR = tmp_path / "anchors"
    settings.VAR_DIR = tmp_path
    return tmp_path / "anchors"


@pytest.fixture
def seal(deeds):
    deeds(2)
    return actions.seal(at=NOON)


def test_an_empty_record_has_no_anchor(folder):
    assert anchor(at=NOON) is None


def test_the_days_anchor_holds_the_last_link_and_a_signature(seal, folder):
    assert anchor(at=NOON) == folder / "2026-03-02.json"
    (found,) = read_anchors(folder)
    assert (found.seal, found.chained_root) == (1, seal.chained_root)


def test_the_days_anchor_is_written_once(seal, deeds, folder):
    before = anchor(at=NOON).read_text()
    deeds(1)
    actions.seal(at=NOON)
    assert anchor(at=NOON + timedelta(hours=1)).read_text() == before
    assert {path.name for path in folder.iterdir()} == {"2026-03-02.json", "public-key.txt"}


def test_every_day_has_its_own(seal, folder):
    for day in range(3):
        anchor(at=NOON + timedelta(days=day))
    assert [found.day for found in read_anchors(folder)] == ["2026-03-02", "2026-03-03", "2026-03-04"]
    call_command("verify_audit", anchors=folder)


@pytest.mark.parametrize("field", ["seal", "chained_root", "day", "signed_at"])
def test_a_changed_anchor_is_named(seal, folder, field):
    path = anchor(at=NOON)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {field: 2 if field == "seal" else "other"}))
    with pytest.raises(CommandError, match=r"2026-03-02.json: the signature does not hold"):
        call_command("verify_audit", anchors=folder)


def test_an_anchor_under_another_name_is_named(seal, folder):
    anchor(at=NOON).rename(folder / "2026-03-09.json")
    with pytest.raises(BadAnchor, match="the anchor of 2026-03-02 under another name"):
        list(read_anchors(folder))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"signature": "not base64!"}', '{"signature": "AAAA"}'])
def test_a_file_that_is_no_anchor_is_named(seal, folder, content):
    anchor(at=NOON)
    (folder / "2026-03-05.json").write_text(content)
    with pytest.raises(BadAnchor, match=r"2026-03-05.json: this is not an anchor file"):
        list(read_anchors(folder))


def test_an_anchor_signed_by_another_key_is_named(seal, folder, settings):
    anchor(at=NOON)
    settings.AUDIT_SIGNING_KEY = "somebody else's secret"
    anchor(at=NOON + timedelta(days=1))
    with pytest.raises(BadAnchor, match=r"2026-03-03.json: the signature does not hold"):
        list(read_anchors(folder))


def test_without_the_public_key_nothing_can_be_said(seal, folder, tmp_path):
    anchor(at=NOON)
    with pytest.raises(BadAnchor, match="no public key"):
        list(read_anchors(folder, tmp_path / "elsewhere.txt"))


def test_the_demo_makes_itself_a_key_that_only_its_owner_reads(settings, tmp_path):
    settings.AUDIT_SIGNING_KEY, settings.DEMO = "", True
    first, second = anchors.signing_key(), anchors.signing_key()
    assert first.private_bytes_raw() == second.private_bytes_raw()
    assert (tmp_path / "audit-signing-key").stat().st_mode & 0o777 == 0o600


def test_production_does_not_invent_a_key(settings):
    settings.AUDIT_SIGNING_KEY, settings.DEMO = "", False
    with pytest.raises(ImproperlyConfigured, match="Set AUDIT_SIGNING_KEY"):
        anchors.signing_key()
