"""The demo team: made once, with a history that is really sent to the sandbox."""

import json
import logging
import secrets
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from uuid_utils.compat import uuid7

from accounts import keys, teams
from accounts.models import ApiKey, Membership, Mode, Role, Team, User
from playground.catalogue.models import Endpoint
from playground.payloads.models import Payload
from playground.runs import nudge
from playground.runs.models import Run, Source
from playground.runs.submit import submit
from playground.workbench import demo_payloads
from playground.workbench.filling import Filled

_Planned = tuple[str, int, Filled]

logger = logging.getLogger(__name__)

SLUG = "demo"
PEOPLE = (("Alice Moreau", Role.ADMIN), ("Bob Tan", Role.MEMBER), ("Carol Ruiz", Role.MEMBER))

_SCENES = (
    demo_payloads.SCENE,
    "A glass greenhouse at dusk, warm lamps, rain on the panes",
    "Paper-cut mountains in four blues, a small moon",
    "Old tram climbing a steep street, morning fog, long lens",
    "Still life of quinces on linen, window light from the left",
    "Desert road after rain, mirrored sky, one telephone pole",
    "A lighthouse seen from the sea, heavy swell, dawn",
    "Night market, steam, paper lanterns, shallow focus",
)


def make_demo(*, email: str, password: str) -> Team:
    """The demo team with its owner, three colleagues and sandbox keys. Safe to repeat: what is there stays."""
    with transaction.atomic():
        owner = User.objects.filter(email=email.lower()).first()
        if owner is None:
            owner = User.objects.create_user(email, password, name="Robin Hale")
        team = Team.objects.filter(slug=SLUG).first() or teams.create_team(name="Demo", owner=owner).team
        _sandbox_key(Membership.objects.get(team=team, user=owner))
        for name, role in PEOPLE:
            _colleague(team, name, role)
    return team


def _colleague(team: Team, name: str, role: str) -> Membership:
    address = f"{name.partition(' ')[0].lower()}@demo.invalid"
    user = User.objects.filter(email=address).first() or User.objects.create_user(address, None, name=name)
    membership, _ = Membership.objects.get_or_create(team=team, user=user, defaults={"role": role})
    _sandbox_key(membership)
    return membership


def _sandbox_key(membership: Membership) -> ApiKey:
    mine = ApiKey.objects.filter(team=membership.team_id, owner=membership.user_id, mode=Mode.SANDBOX)
    return mine.first() or keys.add_key(
        membership=membership, label="Sandbox", text=f"SGTEST_{secrets.token_hex(8)}"
    )


def enqueue_runs(*, team: Team) -> bool:
    """Ask the worker to send the demo runs; False when they are there already, or there is no sandbox."""
    if not settings.SANDBOX_URL or Run.objects.filter(team=team).exists():
        return False
    nudge.send("workbench.demo_runs", team_id=str(team.id))
    return True


def send_runs(*, team_id: str) -> int:
    """Save a few payloads and submit a few dozen sandbox runs by all of the team: good ones, refusals, one whose end
    nobody sees.
    """
    team = Team.objects.get(id=team_id)
    members = list(Membership.objects.filter(team=team).select_related("user", "team").order_by("id"))
    if Run.objects.filter(team=team, source=Source.DEMO).exists():
        return 0
    saved = demo_payloads.save_payloads(members)
    sent = 0
    for number, (endpoint, version, filled) in enumerate([*_from_payloads(saved), *_others()]):
        membership = members[number % len(members)]
        key = keys.usable_keys(membership, Mode.SANDBOX).first()
        known = Endpoint.objects.visible_to(membership).filter(slug=endpoint).exists()
        if key is None or not known:
            logger.warning("The demo run of %s was left out", endpoint)
            continue
        submit(
            membership=membership, endpoint=endpoint, version=version, key=key, body_text=filled.text,
            token=uuid7(), source=Source.DEMO, tag=filled.tag, payload_version=filled.payload_version,
        )  # fmt: skip
        sent += 1
    return sent


def _from_payloads(saved: dict[str, Payload]) -> Iterator[_Planned]:
    """Each scene as a still and as a draft, and a film."""
    for number, scene in enumerate(_SCENES):
        yield demo_payloads.sent_from(saved["seedream-4.5"], scene=scene, seed=str(482113 + number))
        yield demo_payloads.sent_from(saved["flux-schnell"], scene=scene, seed=str(7 * number + 3))
    yield demo_payloads.sent_from(saved["kling-2.6"], scene="The boat drifts out of the harbour")


def _text(body: dict[str, Any]) -> Filled:
    return Filled(json.dumps(body, indent=2, ensure_ascii=False))


def _others() -> Iterator[_Planned]:
    plan: list[tuple[str, int, dict[str, Any]]] = [
        ("nano-banana-2", 2, {"prompt": _SCENES[1], "output_resolution": "1K", "aspect_ratio": "16:9"}),
        ("qwen-image", 1, {"prompt": _SCENES[2], "steps": 30, "seed": 11}),
        ("imagen-4", 1, {"prompt": _SCENES[4], "aspect_ratio": "4:3"}),
        ("claude-4.5-sonnet", 1, {"prompt": "Name five colours of early morning at sea."}),
        ("gpt-5.5", 2, {"prompt": "Write a two-line caption for a photograph of a harbour."}),
        ("claude-4.5-sonnet", 2, {"prompt": "List three ways to light a still life.", "temperature": 0.4}),
        ("veo-3-fast", 2, {"prompt": "Rain runs down the greenhouse panes", "duration": 4}),
        ("ltx-video", 2, {"prompt": "Lanterns sway in the night market", "length": 97}),
        ("chatterbox-tts", 1, {"text": "The harbour opens at six."}),
        ("lyria-2", 2, {"prompt": "Slow piano, distant gulls"}),
        ("eleven-labs-transcript", 1, {"audio_url": "https://example.com/interview.mp3", "model_id": "scribe_v1"}),
        # Refusals: a missing field, a value the model does not take, a job that fails, too many calls.
        ("seedream-4.5", 1, {"aspect_ratio": "4:3"}),
        ("kling-2.6", 2, {"duration": "5"}),
        ("gpt-image-1", 1, {"prompt": _SCENES[6], "_sandbox": {"fault": "status_406_credits"}}),
        ("imagen-4", 1, {"prompt": _SCENES[7], "aspect_ratio": "2:7", "_sandbox": {"fault": "status_406_value"}}),
        ("flux-schnell", 1, {"prompt": _SCENES[0], "_sandbox": {"fault": "status_429", "reset_in": 40}}),
        ("ltx-video", 2, {"prompt": "Fog", "_sandbox": {"fault": "job_fails", "error": "A frame could not be read."}}),
        # Charged, but the answer never arrives: this one needs a person.
        ("veo-3-fast", 2, {"prompt": _SCENES[6], "duration": 4, "_sandbox": {"fault": "drop_after_charge"}}),
    ]  # fmt: skip
    return ((endpoint, version, _text(body)) for endpoint, version, body in plan)
