"""The project as an app: it owns no rows, it loads the task queue and the checks of its settings."""

from django.apps import AppConfig


class WiringConfig(AppConfig):
    name = "ccx"
    label = "wiring"
    verbose_name = "CCX"

    def ready(self) -> None:
        """Bind @shared_task to our Celery app in every process, and register the checks."""
        from ccx import celery, checks  # noqa: F401
