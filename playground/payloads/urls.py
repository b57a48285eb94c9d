from django.urls import path

from playground.payloads.views import library, links, outside, payload, rows, saving, transfer, variables

app_name = "payloads"

HERE = "t/<slug:team>/<mode:mode>/payloads/"
ONE = f"{HERE}<uuid:payload>/"

urlpatterns = [
    path(HERE, library.payload_list, name="payload_list"),
    path(f"{HERE}new/", saving.payload_create, name="payload_create"),
    path(f"{HERE}import/", transfer.payload_import, name="payload_import"),
    path(f"{HERE}import/confirm/", transfer.payload_import_confirm, name="payload_import_confirm"),
    path(f"{HERE}export/", transfer.payload_export, name="payload_export"),
    path(f"{HERE}versions/<uuid:version>/", payload.version_show, name="version_show"),
    path(ONE, payload.payload_detail, name="payload_detail"),
    path(f"{ONE}change/", payload.payload_change, name="payload_change"),
    path(f"{ONE}share/", payload.payload_share, name="payload_share"),
    path(f"{ONE}links/new/", links.link_create, name="link_create"),
    path(f"{ONE}links/<uuid:link>/", links.link_change, name="link_change"),
    path("t/<slug:team>/links/", links.outside_list, name="outside_list"),
    path("t/<slug:team>/links/<uuid:link>/revoke/", links.link_revoke, name="link_revoke"),
    # Outside of every team: what people without an account open.
    path("s/<str:link_token>/", outside.outside_show, name="outside_show"),
    path("s/<str:link_token>/files/<int:position>/", outside.outside_file, name="outside_file"),
    path(f"{ONE}favourite/", payload.payload_favourite, name="payload_favourite"),
    path(f"{ONE}cover/", payload.payload_cover, name="payload_cover"),
    path(f"{ONE}trash/", payload.payload_trash, name="payload_trash"),
    path(f"{ONE}restore/", payload.payload_restore, name="payload_restore"),
    path(f"{ONE}delete/", payload.payload_purge, name="payload_purge"),
    path(f"{ONE}save/", saving.version_save, name="version_save"),
    path(f"{ONE}versions/<int:number>/restore/", saving.version_restore, name="version_restore"),
    path(f"{ONE}fork/", saving.payload_fork, name="payload_fork"),
    path(f"{ONE}pull/", saving.payload_pull, name="payload_pull"),
    path(f"{ONE}variables/", variables.payload_variables, name="payload_variables"),
    path(f"{ONE}rows/", rows.payload_rows, name="payload_rows"),
]
