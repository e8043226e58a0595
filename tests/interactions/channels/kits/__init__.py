"""Samples of every adapter, a module each; see tests/interactions/channels/kit.py."""

import importlib
import pkgutil

from tests.interactions.channels.kit import Kit


def all_kits() -> dict[tuple[int, str], Kit]:
    """Every kit of this folder, by channel and provider."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {(kit.channel.value, kit.provider): kit for module in modules for kit in module.KITS}
