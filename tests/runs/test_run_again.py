import uuid

import pytest

from accounts import keys
from playground.catalogue.models import Endpoint
from playground.runs.models import Run, RunText, State
from tests.personas import People, make_key
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(people: People) -> Run:
    Endpoint.objects.create(slug="test-model", title="T")
    return make_run(people.membership("bob"), endpoint="test-model", request_text='{"prompt": "x", "n": 1.0}')


def post(people: People, run: Run, token: object, name: str = "bob") -> str:
    client = getattr(people, name).client()
    response = client.post(f"/t/studio/sandbox/history/{run.id}/again/", {"token": str(token)})
    assert response.status_code == 302
    return str(response["Location"])


def test_the_same_text_becomes_a_new_run_once(people: People, run: Run) -> None:
    token = uuid.uuid4()
    assert post(people, run, token) == post(people, run, token)
    new = Run.objects.exclude(id=run.id).get()
    assert (new.state, new.endpoint, new.version) == (State.QUEUED, "test-model", 1)
    assert RunText.objects.get(run=new).request_text == '{"prompt": "x", "n": 1.0}'


def test_with_a_key_of_ones_own(people: People, run: Run) -> None:
    assert str(run.id) in post(people, run, uuid.uuid4(), "alice")
    assert Run.objects.count() == 1
    own = make_key(people.membership("alice"), label="Hers")
    post(people, run, uuid.uuid4(), "alice")
    assert Run.objects.exclude(id=run.id).get().api_key_id == own.id


def test_not_without_text_key_or_token(people: People, run: Run) -> None:
    post(people, run, "nonsense")
    keys.revoke_key(membership=people.membership("bob"), key=run.api_key)
    post(people, run, uuid.uuid4())
    make_key(people.membership("bob"), label="New", text="SGTEST_00000000000000ff")
    RunText.objects.filter(run=run).update(request_text="", erased_at=run.created_at)
    post(people, run, uuid.uuid4())
    assert Run.objects.count() == 1
