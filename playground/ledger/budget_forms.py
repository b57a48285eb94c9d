"""What people type about budgets, requests and freezes."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import Membership, User
from playground.ledger import amounts, scopes
from playground.ledger.budget_spans import span_of
from playground.ledger.budgets import Terms
from playground.ledger.models import Budget, BudgetRequest

EVERYBODY, EACH = "team", "each"
MODEL, CATEGORY = "model:", "category:"
MOST_USD = Decimal(9999999)
MOST_RUNS = 1_000_000_000


def usd_field(**more: Any) -> forms.DecimalField:
    return forms.DecimalField(
        min_value=Decimal(0),
        max_value=MOST_USD,
        max_digits=17,
        decimal_places=10,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "num"}),
        **more,
    )


def runs_field(**more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        min_value=0,
        max_value=MOST_RUNS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "num"}),
        **more,
    )


class BudgetForm(forms.Form):
    """A budget in plain words; ``terms`` is what they mean."""

    person = forms.ChoiceField(label="Who")
    covers = forms.ChoiceField(label="What", required=False)
    limit_usd = usd_field(required=False, label="Amount in $")
    limit_runs = runs_field(required=False, label="Number of runs")
    period = forms.ChoiceField(label="For how long", choices=Budget.Period.choices)
    name = forms.CharField(
        max_length=80,
        required=False,
        help_text="What people read when a run is refused. Empty takes it from the choices above.",
    )
    reason = forms.CharField(
        max_length=300,
        required=False,
        label="Reason",
        help_text="Needed when more could be spent than before. It is kept.",
    )

    def __init__(self, data: Any = None, *, membership: Membership, budget: Budget | None = None) -> None:
        initial = _initial(budget) if budget else {"period": Budget.Period.MONTH.value, "person": EVERYBODY}
        super().__init__(data, initial=initial)
        people = scopes.runners(membership)
        if budget is not None and budget.person is not None and budget.person not in people:
            people.append(budget.person)
        self._people = {str(user.id): user for user in people}
        self.fields["person"] = forms.ChoiceField(label="Who", choices=_people_choices(people))
        self.fields["covers"] = forms.ChoiceField(
            label="What", required=False, choices=_model_choices(scopes.offered_models(membership), budget)
        )
        if budget is None:
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        asked = ("limit_usd", "limit_runs")
        if not any(name in self.errors or cleaned.get(name) is not None for name in asked):
            self.add_error("limit_usd", "Give an amount, a number of runs, or both.")
        return cleaned

    def terms(self) -> Terms:
        cleaned = self.cleaned_data
        person = self._people.get(cleaned["person"])
        covers: str = cleaned["covers"]
        endpoint = covers.removeprefix(MODEL) if covers.startswith(MODEL) else ""
        category = covers.removeprefix(CATEGORY) if covers.startswith(CATEGORY) else ""
        return Terms(
            name=cleaned["name"] or self._name(person, endpoint or category),
            person=person,
            per_member=cleaned["person"] == EACH,
            endpoint=endpoint,
            category=category,
            period=cleaned["period"],
            limit_usd=cleaned["limit_usd"],
            limit_runs=cleaned["limit_runs"],
        )

    def _name(self, person: User | None, what: str) -> str:
        who = (
            person.label
            if person
            else {EVERYBODY: scopes.EVERYBODY, EACH: scopes.EACH}[self.cleaned_data["person"]]
        )
        when = dict(Budget.Period.choices)[self.cleaned_data["period"]]
        return f"{', '.join(filter(None, (who, what)))} {when}"[:80]


def _initial(budget: Budget) -> dict[str, Any]:
    who = EACH if budget.per_member else str(budget.person_id) if budget.person_id else EVERYBODY
    what = (
        MODEL + budget.endpoint if budget.endpoint else CATEGORY + budget.category if budget.category else ""
    )
    usd = budget.limit_usd
    return {
        "person": who,
        "covers": what,
        "period": budget.period,
        "name": budget.name,
        "limit_usd": None if usd is None else _plain(usd),
        "limit_runs": budget.limit_runs,
    }


def _people_choices(people: list[User]) -> list[tuple[str, Any]]:
    everybody = [(EVERYBODY, scopes.EVERYBODY), (EACH, scopes.EACH)]
    return [
        ("Together, or each alone", everybody),
        ("One person", [(str(one.id), one.label) for one in people]),
    ]


def _model_choices(offered: list[tuple[str, str]], budget: Budget | None) -> list[tuple[str, Any]]:
    """Everything, then categories, then models; also those of this budget that are not offered any more."""
    slugs = {slug for slug, _ in offered} | ({budget.endpoint} if budget and budget.endpoint else set())
    categories = {name for _, name in offered if name}
    categories |= {budget.category} if budget and budget.category else set()
    return [
        ("", "Every model"),
        ("A kind of model", [(CATEGORY + name, name) for name in sorted(categories)]),
        ("One model", [(MODEL + slug, slug) for slug in sorted(slugs)]),
    ]


class AmountForm(forms.Form):
    """How much more, of what the budget limits."""

    usd = usd_field(required=False, label="Amount in $")
    runs = runs_field(required=False, label="Runs")

    def __init__(self, *args: Any, budget: Budget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if budget.limit_usd is None:
            del self.fields["usd"]
            _require(self.fields["runs"])
        if budget.limit_runs is None:
            del self.fields["runs"]
            _require(self.fields["usd"])

    @property
    def usd_value(self) -> Decimal:
        return self.cleaned_data.get("usd") or Decimal()

    @property
    def runs_value(self) -> int:
        return self.cleaned_data.get("runs") or 0

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        names = [name for name in ("usd", "runs") if name in self.fields]
        if not any(name in self.errors or cleaned.get(name) for name in names):
            self.add_error(names[0], "Say how much more.")
        return cleaned


def _require(field: forms.Field) -> None:
    """The only amount of a form is no optional one."""
    field.required = True
    field.widget.is_required = True
    field.error_messages["required"] = "Say how much more."


class RequestForm(AmountForm):
    reason = forms.CharField(max_length=300, label="What for", widget=forms.TextInput)


class ApproveForm(AmountForm):
    """The answer yes. ``until`` is the last day on which the raise holds. Many of these share a page."""

    until = forms.DateField(label="Until the end of", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any = None, *, asked: BudgetRequest, today: date) -> None:
        initial = {
            "usd": asked.asked_usd and _plain(asked.asked_usd),
            "runs": asked.asked_runs or None,
            "until": raise_ends(asked.budget, today).isoformat(),
        }
        super().__init__(data, budget=asked.budget, initial=initial, prefix=f"yes-{asked.id}")
        self.today = today

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until < self.today:
            raise forms.ValidationError("Choose today or a later day.")
        if until.year > self.today.year + 10:
            raise forms.ValidationError("Choose an earlier day.")
        return until


class DeclineForm(forms.Form):
    answer = forms.CharField(max_length=300, label="Why not")

    def __init__(self, data: Any = None, *, asked: BudgetRequest) -> None:
        super().__init__(data, prefix=f"no-{asked.id}")


class FreezeForm(forms.Form):
    reason = forms.CharField(
        max_length=300, label="Reason", help_text="They read it on the playground and when they press Run."
    )


def raise_ends(budget: Budget, today: date) -> date:
    """The last day a raise holds unless somebody says another: the last of the period, or thirty days."""
    span = span_of(budget.period, today, starts_on=budget.starts_on)
    return span.last or today + timedelta(days=30)


def _plain(amount: Decimal) -> str:
    return amounts.limit(amount).removeprefix("$ ").replace("\u202f", "")
