"""Pages of the people on record; here because they show applications too."""

from django.urls import URLPattern, path

from classes.views import ladders, learner_merges, learner_numbers, learners

urlpatterns: list[URLPattern] = [
    path("", learners.learner_list, name="learner_list"),
    path("new/", learners.learner_create, name="learner_create"),
    path("<int:pk>/", learners.learner_detail, name="learner_detail"),
    path("<int:pk>/edit/", learners.learner_edit, name="learner_edit"),
    path("<int:pk>/ladder/", ladders.learner_ladder, name="learner_ladder"),
    path("<int:pk>/ladder/line-up/", ladders.learner_line_up, name="learner_line_up"),
    path("<int:pk>/ladder/sheet/", ladders.learner_sheet, name="learner_sheet"),
    path(
        "<int:pk>/ladder/certificate/<slug:level>/",
        ladders.learner_certificate,
        name="learner_certificate",
    ),
    path("<int:pk>/history/", learners.learner_history, name="learner_history"),
    path("<int:pk>/emergency/", learners.learner_emergency, name="learner_emergency"),
    path(
        "<int:pk>/emergency/edit/", learners.learner_emergency_edit, name="learner_emergency_edit"
    ),
    path("<int:pk>/deceased/", learners.learner_deceased, name="learner_deceased"),
    path("<int:pk>/deceased/undo/", learners.learner_deceased_undo, name="learner_deceased_undo"),
    path("<int:pk>/numbers/new/", learner_numbers.learner_number_add, name="learner_number_add"),
    path("numbers/<int:pk>/", learner_numbers.learner_number_edit, name="learner_number_edit"),
    path(
        "numbers/<int:pk>/remove/",
        learner_numbers.learner_number_remove,
        name="learner_number_remove",
    ),
    path(
        "numbers/<int:pk>/sms/",
        learner_numbers.learner_number_consent,
        name="learner_number_consent",
    ),
    path("<int:pk>/merge/", learner_merges.learner_merge_choose, name="learner_merge_choose"),
    path("<int:pk>/merge/<int:other_pk>/", learner_merges.learner_merge, name="learner_merge"),
    path("merges/<int:pk>/undo/", learner_merges.learner_merge_undo, name="learner_merge_undo"),
]
