"""What the demo team has saved and shares, so that the library shows what it is for."""

from typing import Any

from django.db import transaction

from accounts.models import Membership
from playground.payloads.models import Payload, Visibility
from playground.payloads.saving import save_payload
from playground.payloads.variables import Kind, Variable
from playground.workbench.filling import PREFIX, Filled, fill_in

SCENE = "Harbour at first light, wet stone, one fishing boat with a red hull"

_STILLS = """{
  "prompt": "{{scene}}, 35 mm, soft haze",
  "aspect_ratio": "4:3",
  "seed": "{{seed}}"
}"""
_DRAFT = """{
  "prompt": "{{scene}}",
  "steps": 4,
  "seed": "{{seed}}",
  "width": 1024,
  "height": 768
}"""
_CAPTION = """{
  "prompt": "Write a two-line caption for a photograph of {{subject}}. Tone: {{tone}}."
}"""
_FILM = """{
  "prompt": "{{scene}}, slow camera move",
  "duration": "{{duration}}"
}"""

_SCENE = Variable("scene", Kind.LONG_TEXT, SCENE, description="One sentence: subject, light, place")
_SEED = Variable("seed", Kind.INTEGER, "482113", description="The same seed, the same picture")


@transaction.atomic
def save_payloads(members: list[Membership]) -> dict[str, Payload]:
    """Four payloads of four people, seen by the team, by their endpoint. Safe to repeat."""
    found = {}
    for membership, saved in zip((members * 4)[:4], _saved(), strict=True):
        there = Payload.objects.filter(team=membership.team, name=saved["name"]).first()
        found[saved["endpoint"]] = there or save_payload(
            membership=membership, visibility=Visibility.TEAM, **saved
        )
    return found


def _saved() -> list[dict[str, Any]]:
    duration = Variable("duration", Kind.CHOICE, "5", choices=("5", "10"), description="Seconds")
    subject = Variable("subject", Kind.TEXT, description="What the photograph shows")
    tone = Variable("tone", Kind.CHOICE, "plain", choices=("plain", "warm", "dry"))
    return [
        {
            "name": "Caption in two lines", "endpoint": "gpt-5.5", "version": 2, "text": _CAPTION,
            "variables": [subject, tone], "tags": ["words"], "folder": "Words",
        },
        {
            "name": "Scene in motion", "endpoint": "kling-2.6", "version": 2, "text": _FILM,
            "variables": [_SCENE, duration], "tags": ["film"], "folder": "Campaign", "run_tag": "autumn",
        },
        {
            "name": "Quick draft", "endpoint": "flux-schnell", "version": 1, "text": _DRAFT,
            "variables": [_SCENE, _SEED], "tags": ["draft"], "folder": "Campaign/Drafts",
            "notes": "A cent instead of four: try the scene here first.",
        },
        {
            "name": "Campaign stills", "endpoint": "seedream-4.5", "version": 1, "text": _STILLS,
            "variables": [_SCENE, _SEED], "tags": ["still"], "folder": "Campaign", "run_tag": "autumn",
            "notes": "The look of the autumn campaign. Keep **35 mm, soft haze**; change the scene alone.",
        },
    ]  # fmt: skip


def sent_from(payload: Payload, **values: str) -> tuple[str, int, Filled]:
    """Endpoint, version and text of somebody who types these values beside Run."""
    newest = payload.versions.get(number=payload.newest)
    posted = {f"{PREFIX}{name}": value for name, value in values.items()}
    filled = fill_in(payload=newest, text=newest.text, version=newest.version, posted=posted)
    return payload.endpoint, newest.version, filled
