from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "ccx.kernel"
    label = "kernel"
    verbose_name = "Kernel"
