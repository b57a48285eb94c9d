"""Where Django finds the models of all rooms."""

from playground.catalogue.models import (  # noqa: F401
    CatalogueState,
    Endpoint,
    Favourite,
    HiddenEndpoint,
    RecentEndpoint,
)
from playground.ledger.models import (  # noqa: F401
    AccountState,
    Alert,
    AlertsRead,
    Budget,
    BudgetCounter,
    BudgetRequest,
    Entry,
    Freeze,
    LedgerCheck,
    Name,
    OpenHold,
    PeriodClose,
    QuarterHour,
    Rollup,
    Seal,
    SharedBalance,
    SharedVerdict,
    Snapshot,
    StepName,
    Webhook,
)
from playground.payloads.models import (  # noqa: F401
    Payload,
    PayloadFavourite,
    PayloadFile,
    PayloadVersion,
)
from playground.runs.models import File, FileUpload, HistoryLook, Output, Run, RunInput, RunText  # noqa: F401
from playground.workbench.models import Draft  # noqa: F401
