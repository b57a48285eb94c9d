"""What the demo team has saved and shares, so that the library shows what it is for."""

from django.db import transaction

from accounts.models import Membership
from playground.payloads.models import Payload, Visibility
from playground.payloads.saving import save_payload
from playground.payloads.variables import Kind, Variable
from playground.workbench.filling import PREFIX, Filled, fill_in

STILLS = "Campaign stills"
SCENE = "Harbour at first light, wet stone, one fishing boat with a red hull"

_STILLS = """{
  "prompt": "{{scene}}, 35 mm, soft haze",
  "aspect_ratio": "4:3",
  "seed": "{{seed}}"
}"""
_DRAFT = """{
  "prompt": "{{scene}}",
  "steps": 4,
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


@transaction.atomic
def save_payloads(members: list[Membership]) -> Payload:
    """Four payloads of four people, seen by the team. Returns the one for stills; safe to repeat."""
    found = Payload.objects.filter(team=members[0].team_id, name=STILLS).first()
    if found is not None:
        return found
    people = (members * 4)[:4]
    stills = save_payload(
        membership=people[1], name=STILLS, endpoint="seedream-4.5", version=1, text=_STILLS,
        variables=[_SCENE, Variable("seed", Kind.INTEGER, "482113", description="The same seed, the same picture")],
        notes="The look of the autumn campaign. Keep **35 mm, soft haze**; change the scene alone.",
        tags=["campaign", "stills"], folder="Campaign", run_tag="autumn", visibility=Visibility.TEAM,
    )  # fmt: skip
    save_payload(
        membership=people[2], name="Quick draft", endpoint="flux-schnell", version=1, text=_DRAFT,
        variables=[_SCENE],
        notes="A cent instead of four: try the scene here first.",
        tags=["draft"], folder="Campaign/Drafts", visibility=Visibility.TEAM,
    )  # fmt: skip
    save_payload(
        membership=people[3], name="Caption in two lines", endpoint="gpt-5.5", version=2, text=_CAPTION,
        variables=[
            Variable("subject", Kind.TEXT, description="What the photograph shows"),
            Variable("tone", Kind.CHOICE, "plain", choices=("plain", "warm", "dry")),
        ],
        tags=["words"], folder="Words", visibility=Visibility.TEAM,
    )  # fmt: skip
    save_payload(
        membership=people[0], name="Scene in motion", endpoint="kling-2.6", version=2, text=_FILM,
        variables=[_SCENE, Variable("duration", Kind.CHOICE, "5", choices=("5", "10"), description="Seconds")],
        tags=["campaign", "film"], folder="Campaign", run_tag="autumn", visibility=Visibility.TEAM,
    )  # fmt: skip
    return stills


def still(stills: Payload, scene: str, seed: int) -> Filled:
    """What somebody sends who types these values beside Run."""
    newest = stills.versions.get(number=stills.newest)
    posted = {f"{PREFIX}scene": scene, f"{PREFIX}seed": str(seed)}
    return fill_in(payload=newest, text=newest.text, version=newest.version, posted=posted)
