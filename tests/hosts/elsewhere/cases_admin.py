"""The page in the admin: who sees it, what is on it, and what is not."""

import contextlib
import io
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import transaction
from django.test import TransactionTestCase, override_settings
from django.urls import NoReverseMatch, reverse

from tests.support.stage import sample_report
from tipline_client.django import client, enqueue, listing
from tipline_client.errors import DeliveryRejectedError
from tipline_client.mock import MockEndpoint
from tipline_client.mock.faults import code

PLACE = "/admin/tipline/outboxentry/"
SECRET = "coffee-mug-of-case"


class Page(TransactionTestCase):  # type: ignore[misc]
    def setUp(self) -> None:
        self.person = User.objects.create_user("moderator", is_staff=True)
        self.client.force_login(self.person)

    def may_look(self) -> None:
        # As for every model: a flush of the tables made them anew.
        permission = Permission.objects.get(content_type__app_label="tipline", codename="view_outboxentry")
        self.person.user_permissions.add(permission)

    def queue(self, key: str) -> Any:
        with transaction.atomic():
            return enqueue(sample_report(SECRET), idempotency_key=key)

    def test_person_without_the_permission(self) -> None:
        """Staff alone is not enough; who is nobody is asked to log in."""
        refused = self.client.get(PLACE)
        self.client.logout()
        asked = self.client.get(PLACE)

        assert [403, 302] == [refused.status_code, asked.status_code]

    def test_person_with_the_permission(self) -> None:
        """Ids, keys, states and numbers are on the page and in the index; nothing of a report is."""
        self.may_look()
        entry = self.queue("key-<script>")

        index = self.client.get("/admin/").content.decode()
        answer = self.client.get(PLACE)
        page = answer.content.decode()

        assert PLACE in index
        assert 200 == answer.status_code
        for shown in (entry.id, "key-&lt;script&gt;", "queued", "mock"):
            assert shown in page
        for hidden in (SECRET, "example.com", "<script>"):
            assert hidden not in page.replace(str(settings.FOLDER), "").partition('id="content"')[2]

    def test_words_of_an_endpoint(self) -> None:
        """Of an error the class, the step and the code are shown; its words might quote a report, and are not."""
        self.may_look()
        with MockEndpoint() as endpoint:
            endpoint.faults.script("submit", code(4100, description=f"Invalid value '{SECRET}'"))
            with override_settings(TIPLINE={**settings.TIPLINE, "ENDPOINT": endpoint.base_url}):
                entry = self.queue("refused")
                with contextlib.suppress(DeliveryRejectedError):
                    client().deliver(entry.id)
                failure = client().entry(entry.id).last_failure
        page = self.client.get(PLACE, {"q": entry.id}).content.decode()

        assert failure is not None
        assert f"{failure.kind} at submit, code 4100" in page
        assert [] == [words for words in (SECRET, failure.text) if words in page]

    def test_nothing_can_be_changed(self) -> None:
        """Whoever may do everything elsewhere may only look here."""
        User.objects.filter(pk=self.person.pk).update(is_superuser=True)
        entry = self.queue("to-look-at")

        answers = [
            self.client.post(PLACE, {"action": "delete_selected", "_selected_action": entry.id}),
            self.client.get(f"{PLACE}add/"),
            self.client.get(f"{PLACE}{entry.id}/change/"),
            self.client.get(f"{PLACE}{entry.id}/delete/"),
        ]

        assert [405, 404, 404, 404] == [answer.status_code for answer in answers]
        for name in ("add", "change", "delete"):
            with pytest.raises(NoReverseMatch):
                reverse(f"admin:tipline_outboxentry_{name}", args=[] if name == "add" else [entry.id])

    def test_looking_for_some(self) -> None:
        """By key, by id, by state; a page at a time."""
        self.may_look()
        one, two = self.queue("one"), self.queue("two")
        kept, listing.PAGE = listing.PAGE, 1  # type: ignore[misc]
        self.addCleanup(setattr, listing, "PAGE", kept)

        by_key = self.client.get(PLACE, {"q": "two"}).content.decode()
        by_id = self.client.get(PLACE, {"q": one.id}).content.decode()
        nobody = self.client.get(PLACE, {"q": "three"}).content.decode()
        filed = self.client.get(PLACE, {"state": "acknowledged"}).content.decode()
        first = self.client.get(PLACE, {"state": "queued", "environment": "mock"})
        next_page = self.client.get(f"{PLACE}?{first.context['next']}").context["page"]

        assert [True, False] == [two.id in by_key, one.id in by_key]
        assert [True, False] == [one.id in by_id, two.id in by_id]
        assert "No such entry" in nobody
        assert one.id not in filed
        assert first.context["page"].rows != next_page.rows

    def test_page_after_nobody(self) -> None:
        """A link that somebody kept or changed leads to the first page, which says so."""
        self.may_look()
        entry = self.queue("still-there")

        answers = [
            self.client.get(PLACE, {"after": after, "state": "queued"})
            for after in ("nobody", "<script>", "\0", "9" * 5_000)
        ]

        assert [200] * 4 == [answer.status_code for answer in answers]
        for answer in answers:
            page = answer.content.decode()
            assert "There is no such entry to go on after: this is the first page." in page
            assert entry.id in page

    def test_name_of_nobody(self) -> None:
        """Whatever is typed in, the page is there."""
        self.may_look()
        answers = [self.client.get(PLACE, {"q": name}) for name in ("nobody", "\0", "9" * 5_000)]

        assert [200] * 3 == [answer.status_code for answer in answers]

    def test_outbox_that_cannot_be_read(self) -> None:
        """The page says why, with a status that a monitor notices."""
        self.may_look()
        with override_settings(TIPLINE={**settings.TIPLINE, "HOME": settings.FOLDER / "nowhere"}):
            answer = self.client.get(PLACE)

        assert 503 == answer.status_code
        assert "is no home" in answer.content.decode()

    def test_tables_of_the_project(self) -> None:
        """The page has none: there is nothing to migrate, and nothing to dump."""
        dumped = io.StringIO()

        call_command("makemigrations", "--check", "--dry-run", verbosity=0)
        call_command("dumpdata", "tipline", "--all", stdout=dumped)

        assert "[]" == dumped.getvalue().strip()
