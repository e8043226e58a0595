"""All addresses. Each app's are in the urls.py of its rooms."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from ccx import health

urlpatterns: list[URLPattern | URLResolver] = [
    # For machines that watch.
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("healthz", health.healthz, name="healthz"),
    # People.
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    # REST.
    path("api/v1/schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/docs", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
]
