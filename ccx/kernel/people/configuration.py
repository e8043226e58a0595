"""The configuration pages: Django's admin for data "as data", open to those who may configure and to nobody else.

Only what rooms register here is shown; libraries register themselves elsewhere and stay out.
"""

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ccx.kernel.people.choices import Ability
from ccx.kernel.people.models import User


class ConfigurationSite(AdminSite):
    site_header = _("CCX configuration")
    site_title = _("CCX configuration")
    index_title = _("What the centre is made of")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.can(Ability.CONFIGURE)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Strangers sign in first; people without the ability find no such page."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), reverse("account_login"))
            if not self.has_permission(request):
                raise Http404
            return cast(HttpResponse, inner(request, *args, **kwargs))

        return guarded

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one place to sign in, with its locks."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise Http404
        return redirect_to_login(reverse("admin:index"), reverse("account_login"))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """And one place to change a password."""
        return redirect("account_change_password")


site = ConfigurationSite(name="admin")

if TYPE_CHECKING:
    Pages = ModelAdmin[Any]
else:
    Pages = ModelAdmin


class ConfigurationAdmin(Pages):
    """A page for rows that are configuration. What is in use cannot be deleted; it is switched off."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return site.has_permission(request)
