"""Where Django finds the models of all rooms."""

from playground.catalogue.models import (  # noqa: F401
    CatalogueState,
    Endpoint,
    Favourite,
    HiddenEndpoint,
    RecentEndpoint,
)
