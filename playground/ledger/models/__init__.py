"""What the ledger keeps. Entries name everything in plain values; nothing here points at a run."""

from playground.ledger.models.alerts import Alert, AlertsRead, Webhook
from playground.ledger.models.budgets import Budget, BudgetCounter, BudgetRequest, Freeze
from playground.ledger.models.entries import Entry, EntryQuerySet, Kind, MadeBy, OpenHold
from playground.ledger.models.mails import Mail, MailChoice, MailSent
from playground.ledger.models.periods import PeriodClose
from playground.ledger.models.reconciliation import (
    AccountState,
    BalanceSource,
    SharedBalance,
    SharedVerdict,
    Snapshot,
    StepKind,
    StepName,
)
from playground.ledger.models.rollups import Cut, Grain, Name, QuarterHour, Rollup
from playground.ledger.models.seals import LedgerCheck, Seal

__all__ = [
    "AccountState",
    "Alert",
    "AlertsRead",
    "BalanceSource",
    "Budget",
    "BudgetCounter",
    "BudgetRequest",
    "Cut",
    "Entry",
    "EntryQuerySet",
    "Freeze",
    "Grain",
    "Kind",
    "LedgerCheck",
    "MadeBy",
    "Mail",
    "MailChoice",
    "MailSent",
    "Name",
    "OpenHold",
    "PeriodClose",
    "QuarterHour",
    "Rollup",
    "Seal",
    "SharedBalance",
    "SharedVerdict",
    "Snapshot",
    "StepKind",
    "StepName",
    "Webhook",
]
