"""Pages around messages that look at the outbox: log, hours, simulator, status."""

from django.urls import URLPattern, path

from classes.views import health, hours, message_log, simulator

urlpatterns: list[URLPattern] = [
    path("healthz", health.healthz, name="healthz"),
    path("status/", health.status, name="status"),
    path("messages/", message_log.message_log_page, name="message_log"),
    path("messages/received/", message_log.message_log_received, name="message_log_received"),
    path("messages/find/", message_log.message_log_find, name="message_log_find"),
    path("messages/costs/", message_log.message_costs_page, name="message_costs"),
    path("messages/hours/", hours.sending_hours, name="sending_hours"),
    path("messages/hours/days/", hours.sending_day_add, name="sending_day_add"),
    path(
        "messages/hours/days/<int:pk>/remove/", hours.sending_day_remove, name="sending_day_remove"
    ),
    path("simulator/", simulator.simulator_page, name="simulator"),
    path("simulator/phones/", simulator.simulator_choose, name="simulator_choose"),
    path("simulator/live/", simulator.simulator_live, name="simulator_live"),
    path("simulator/answer/", simulator.simulator_answer, name="simulator_answer"),
    path("simulator/behaviour/", simulator.simulator_behaviour, name="simulator_behaviour"),
]
