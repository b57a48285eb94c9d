from django.urls import include, path

from playground.runs.stream import stream
from playground.runs.views import doubts, files, history, run

app_name = "runs"

run_patterns = [
    path("", run.run_detail, name="run_detail"),
    path("result/", run.run_result, name="run_result"),
    path("row/", run.run_row, name="run_row"),
    path("cancel/", run.run_cancel, name="run_cancel"),
    path("again/", run.run_again, name="run_again"),
    path("replay/", run.run_replay, name="run_replay"),
    path("settle/", run.run_settle, name="run_settle"),
    path("erase/", run.run_erase, name="run_erase"),
    path("outputs/<uuid:output>/copy/", run.output_copy, name="output_copy"),
]

urlpatterns = [
    path("t/<slug:team>/<mode:mode>/history/", history.history_list, name="history_list"),
    path("t/<slug:team>/<mode:mode>/history/chart/", history.history_chart, name="history_chart"),
    path("t/<slug:team>/<mode:mode>/history/export.<str:form>", history.export, name="export"),
    path("t/<slug:team>/<mode:mode>/history/doubts/", doubts.doubts_list, name="doubts_list"),
    path("t/<slug:team>/<mode:mode>/history/<uuid:run>/", include(run_patterns)),
    path("t/<slug:team>/<mode:mode>/stream/", stream, name="stream"),
    path("t/<slug:team>/files/<uuid:file>/", files.file, name="file"),
]
