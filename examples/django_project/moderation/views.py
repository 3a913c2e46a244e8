"""The desk's pages. A real one asks first who is there."""

from typing import Any

from django import forms
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from moderation.models import Decision
from moderation.reports import decide as write_down
from tipline_client.django import client


class DecisionForm(forms.ModelForm):  # type: ignore[misc]  # Django bears no types
    """What a moderator fills in; it knows that a case is decided once."""

    url = forms.URLField(assume_scheme="https")

    class Meta:
        """The fields."""

        model = Decision
        fields = ("case", "url")


def decide(request: Any) -> Any:
    """The form; sent, it answers 202 with the entry's id: the report is durable, and not filed yet."""
    form = DecisionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        decision = write_down(**form.cleaned_data, at=timezone.now())
        return JsonResponse({"case": decision.case, "entry": decision.entry_id}, status=202)
    return render(request, "moderation/decide.html", {"form": form}, status=400 if form.is_bound else 200)


@require_safe  # type: ignore[untyped-decorator]  # Django bears no types
def show(request: Any, case: str) -> Any:  # noqa: ARG001 - Django's
    """Where the report of a case stands."""
    decision = get_object_or_404(Decision, case=case)
    entry = client().entry(decision.entry_id)
    return JsonResponse({"case": case, "entry": entry.id, "state": entry.state, "report": decision.report_id})
