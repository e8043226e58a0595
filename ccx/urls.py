"""All addresses. Each app's are in the urls.py of its rooms."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from ccx import health
from ccx.kernel.people.configuration import site as configuration
from ccx.kernel.people.views.own import home

urlpatterns: list[URLPattern | URLResolver] = [
    # For machines that watch.
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("healthz", health.healthz, name="healthz"),
    # People.
    path("", home, name="home"),
    path("accounts/", include("ccx.kernel.people.account_urls")),
    path("settings/", include("ccx.kernel.people.urls")),
    path("audit/", include("ccx.kernel.audit.urls")),
    path("operations/", include("ccx.kernel.events.urls")),
    path("admin/", configuration.urls),
    path("styleguide/", include("ccx.kernel.look.urls")),
    # REST.
    path("api/v1/schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/docs", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
]
