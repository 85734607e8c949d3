"""Pages of the classes: the desk, intakes, calls to make and imports."""

from django.urls import URLPattern, path

from classes.views import import_rows, imports
from classes.views.home import home

urlpatterns: list[URLPattern] = [
    path("", home, name="home"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/callers/", imports.import_callers_upload, name="import_callers_upload"),
    path("imports/classes/", imports.import_classes_upload, name="import_classes_upload"),
    path("imports/waiting/", import_rows.import_waiting, name="import_waiting"),
    path("imports/rows/<int:pk>/", import_rows.import_row, name="import_row"),
    path(
        "imports/rows/<int:pk>/set-aside/",
        import_rows.import_row_set_aside,
        name="import_row_set_aside",
    ),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/columns/", imports.import_mapping, name="import_mapping"),
    path("imports/<int:pk>/preview/", imports.import_preview, name="import_preview"),
    path("imports/<int:pk>/confirm/", imports.import_confirm, name="import_confirm"),
    path("imports/<int:pk>/discard/", imports.import_discard, name="import_discard"),
]
