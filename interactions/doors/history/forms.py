"""What people send to the pages of imports."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from interactions.doors.history.mapping import MAX_TEXT


class UploadForm(forms.Form):
    """One file, not larger than it may be."""

    file = forms.FileField(label=gettext_lazy("File"), max_length=255)

    def clean_file(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["file"]
        most = settings.CCX_IMPORT_MAX_MB
        if file.size is not None and file.size > most * 1_000_000:
            raise forms.ValidationError(_("The file is larger than %(most)s MB. Pack it with gzip.") % {"most": most})
        return file


class MappingForm(forms.Form):
    """A mapping as text."""

    mapping = forms.CharField(max_length=MAX_TEXT, strip=False)


class PageForm(forms.Form):
    """Where a list goes on."""

    before = forms.UUIDField(required=False)
    after = forms.RegexField(r"^\d{1,18}-\d{1,18}$", required=False)

    def imports_before(self) -> UUID | None:
        """The import above the page."""
        return self.cleaned_data.get("before") if self.is_valid() else None

    def issues_after(self) -> tuple[int, int] | None:
        """Line and number of the issue above the page."""
        text = self.cleaned_data.get("after") if self.is_valid() else ""
        line, _dash, number = (text or "").partition("-")
        return (int(line), int(number)) if number else None
