"""How gunicorn serves the pages: `gunicorn -c python:config.web_server config.wsgi`."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# The code is loaded once, before the workers split off: they share its memory.
preload_app = True
# Seconds that a request under way gets when the server stops.
graceful_timeout = 20
# Nobody needs a socket to steer a running server by.
control_socket_disable = True
