"""What the worker finds out by itself, without a person: a lost answer, and where the provider's balance stands."""

import uuid

from tests.promises.house import House, until


def test_an_answer_lost_after_the_charge_is_found_in_the_history(house: House) -> None:
    key, text = house.new_key()
    # Of two runs of a model that may have said the same, either could have made the provider's row, and nothing would
    # be decided: this house has many of the usual model.
    body = {"prompt": f"Lost and found {uuid.uuid4()}", "_sandbox": {"fault": "drop_after_charge"}}
    run = house.send(key, endpoint="imagen-4", body=body)
    assert house.wait_for(run, "unknown").billing == "unknown"
    posts = len(house.posts(text))
    house.stack.send_task("runs.resolve")
    until(lambda: not house.row(run).in_doubt, "the run to be found in the history")
    row = house.row(run)
    assert (row.billing, row.cost, row.cost_source) == ("billed", house.charged(text), "history")
    assert (row.state, row.evidence["history_outputs"]) == ("unknown", 1)
    assert len(house.posts(text)) == posts == 1


def test_the_clock_asks_for_every_balance_and_keeps_no_key(house: House) -> None:
    key, text = house.new_key(lent=True)
    house.stack.send_task("ledger.check_balances")
    query = "SELECT total, source FROM playground_snapshot WHERE key_id = %s"
    until(lambda: bool(house.stack.sql(query, key.id)), "a balance of the key")
    ((total, source),) = house.stack.sql(query, key.id)
    assert (total, source) == (100, "check")
    states = "SELECT unexplained FROM playground_accountstate WHERE key_id = %s"
    until(lambda: house.stack.sql(states, key.id) == [(0,)], "the account's state")
    assert text not in house.stack.logs()
