"""The product's settings, with the bare address added and no manifest of static files needed."""

from config.settings import *  # noqa: F403
from config.settings import STORAGES

ROOT_URLCONF = "benchmarks.bare.urls"
ROUTE_ROLES = "benchmarks.bare.urls.ROUTES"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
