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
    OutsideLink,
    OutsideOpen,
    OutsideResult,
    Payload,
    PayloadFavourite,
    PayloadFile,
    PayloadVersion,
)
from playground.runs.models import (  # noqa: F401
    File,
    FileUpload,
    HistoryLook,
    Output,
    Run,
    RunInput,
    RunLink,
    RunText,
)
from playground.workbench.models import Draft, Sweep, SweepCell, SweepRun  # noqa: F401
