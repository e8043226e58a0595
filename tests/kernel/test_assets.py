"""The files the browser gets from npm packages."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ccx import assets
from ccx.kernel.look.icons import ICONS, SPRITE


def test_every_listed_file_is_there_and_nothing_else_is_served():
    finder = assets.PackageAssetsFinder()
    listed = [address for address, _storage in finder.list([])]
    assert listed == [*assets.FILES, SPRITE]
    assert all(Path(finder.find(address)).is_file() for address in listed)
    assert finder.find("vendor/echarts/echarts.js") == []
    assert finder.find("../package.json") == []


def test_the_sprite_holds_each_icon_once_and_no_script():
    sprite = assets.build_sprite().read_text(encoding="utf-8")
    assert re.findall(r'<symbol id="([^"]+)"', sprite) == sorted(ICONS)
    assert "<script" not in sprite
    assert all("<path" in symbol for symbol in re.findall(r"<symbol.*?</symbol>", sprite))


def test_without_the_packages_collecting_refuses_and_the_check_says_what_to_run(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    finder = assets.PackageAssetsFinder()
    assert [message.id for message in finder.check()] == ["ccx.W001"]
    assert finder.find("vendor/uplot/uPlot.min.css") == []
    with pytest.raises(ImproperlyConfigured, match="npm ci"):
        list(finder.list([]))


def test_the_lock_file_names_no_place_to_download_from():
    lock = json.loads((Path(settings.BASE_DIR) / "package-lock.json").read_text(encoding="utf-8"))
    assert all("resolved" not in package for package in lock["packages"].values())
