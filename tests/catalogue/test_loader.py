import json
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Team
from playground.catalogue.loader import bundled_rows, load_bundled, read
from playground.catalogue.models import CatalogueState, Endpoint, Output

pytestmark = pytest.mark.django_db


def pretend_old_data() -> None:
    CatalogueState.objects.update(data_hash="an older one")


def test_migrating_loads_every_bundled_model() -> None:
    assert Endpoint.objects.bundled().listed().count() == 507
    assert Endpoint.objects.bundled().exclude(schema_text="").count() == 46


def test_costs_are_exact_to_the_last_digit() -> None:
    kept = dict(Endpoint.objects.bundled().values_list("slug", "avg_cost"))
    for fact in read("catalogue.json"):
        assert kept[fact["slug"]] == Decimal(fact["avg_cost_usd"])


def test_loading_again_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        loaded = load_bundled()
    assert (loaded.changed, loaded.bundled, loaded.retired) == (False, 507, 0)


def test_changed_data_updates_rows_in_place() -> None:
    before = Endpoint.objects.bundled().get(slug="veo-3")
    Endpoint.objects.filter(pk=before.pk).update(title="An older name", avg_cost=None)
    pretend_old_data()
    assert load_bundled().changed
    after = Endpoint.objects.bundled().get(slug="veo-3")
    assert (after.pk, after.title, after.avg_cost) == (before.pk, before.title, before.avg_cost)
    assert Endpoint.objects.bundled().count() == 507


def test_a_model_no_longer_shipped_is_retired_and_kept() -> None:
    gone = Endpoint.objects.create(slug="withdrawn-1", title="Withdrawn")
    pretend_old_data()
    assert load_bundled().retired == 1
    gone.refresh_from_db()
    assert gone.retired_at is not None


def test_a_model_that_comes_back_is_listed_again() -> None:
    Endpoint.objects.bundled().filter(slug="veo-3").update(retired_at=timezone.now())
    pretend_old_data()
    load_bundled()
    assert Endpoint.objects.bundled().get(slug="veo-3").retired_at is None


def test_a_teams_own_endpoints_are_not_touched() -> None:
    team = Team.objects.create(slug="studio", name="Studio")
    own = Endpoint.objects.create(team=team, slug="veo-3", title="Ours")
    pretend_old_data()
    load_bundled()
    own.refresh_from_db()
    assert (own.title, own.retired_at) == ("Ours", None)


def test_schemas_keep_the_order_of_their_fields() -> None:
    schema = Endpoint.objects.bundled().get(slug="seedream-4.5").schema
    assert schema is not None
    assert list(schema["properties"])[:4] == ["prompt", "size", "width", "height"]


def test_every_row_has_a_sample_that_is_a_json_object_and_an_output() -> None:
    for row in bundled_rows():
        assert json.loads(row["sample_text"]), row["slug"]
        assert row["output"] in Output.values


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_catalogue")
    pretend_old_data()
    call_command("load_catalogue")
    assert capsys.readouterr().out == "507 endpoints, nothing changed.\n507 endpoints loaded, 0 retired.\n"
