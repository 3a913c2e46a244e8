"""The admin page: what is in the outbox, to look at. Nothing can be added, changed or deleted, and no content is shown.

A person decides with the command, where a reason is asked for and kept.
"""

from enum import StrEnum
from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_safe

from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.django.listing import Page, Wanted, look
from tipline_client.django.models import OutboxEntry
from tipline_client.django.project import settings
from tipline_client.django.wording import telling
from tipline_client.errors import TiplineError

__all__ = ["OutboxEntryAdmin"]

Word = TypeVar("Word", bound=StrEnum)


@admin.register(OutboxEntry)
class OutboxEntryAdmin(admin.ModelAdmin):  # type: ignore[misc]  # Django bears no types
    """The list of entries; who may see it has the permission `tipline.view_outboxentry`."""

    def get_urls(self) -> list[Any]:
        """The list alone: no page of an entry, and none to add, change or delete one."""
        shown = self.admin_site.admin_view(require_safe(self.changelist_view))
        return [path("", shown, name="tipline_outboxentry_changelist")]

    def has_add_permission(self, request: Any) -> bool:  # noqa: ARG002 - Django's
        """Nobody: reports come from the program."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Nobody: what was signed stays as it is."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Nobody: what must be kept is kept."""
        return False

    def changelist_view(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """The page; where the outbox cannot be read it says why, with the status 503."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET
        wanted = Wanted(
            state=_word(State, asked.get("state")),
            environment=_word(Environment, asked.get("environment")),
            name=asked.get("q", "").strip(),
            after=asked.get("after") or None,
        )
        page, error = _looked_for(wanted)
        # The links of the page lead to the admin that it is in, where a project has several.
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "Entries of the outbox",
            "opts": self.model._meta,
            "wanted": wanted,
            "page": page,
            "error": error,
            "states": list(State),
            "environments": list(Environment),
            "counts": [] if page is None else [(state, n) for state, n in page.counts.by_state.items() if n],
            "next": None if page is None or page.after is None else _with(asked, after=page.after),
            **(extra_context or {}),
        }
        response = TemplateResponse(request, "tipline/entries.html", context, status=200 if error is None else 503)
        response["Cache-Control"] = "no-store"
        return response


def _looked_for(wanted: Wanted) -> tuple[Page | None, TiplineError | None]:
    try:
        with telling():
            return look(settings(), wanted), None
    except TiplineError as error:
        return None, error


def _with(asked: Any, *, after: str) -> str:
    query = asked.copy()
    query["after"] = after
    return str(query.urlencode())


def _word(kind: type[Word], text: str | None) -> Word | None:
    """What a filter names; a word that there is not filters nothing."""
    return next((word for word in kind if word.value == text), None)
