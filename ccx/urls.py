"""All addresses. Each app's are in the urls.py of its rooms."""

from django.urls import URLPattern, URLResolver, include, path

from ccx import api_docs, health
from ccx.demo import views as demo
from ccx.kernel.access.urls import api_urlpatterns as access_api
from ccx.kernel.people.configuration import site as configuration
from ccx.kernel.people.views.own import home
from feedback.surveys.urls import public_urlpatterns as surveys_public

handler500 = "ccx.health.failed"

urlpatterns: list[URLPattern | URLResolver] = [
    # Providers of channels and other systems; they call more often than anybody, so they are looked for first.
    path("", include("interactions.doors.voice.urls")),
    path("", include("interactions.doors.webhooks.urls")),
    path("", include("interactions.doors.sent.urls")),
    path("api/schema/", api_docs.schema, name="api-schema"),
    path("api/docs/", api_docs.swagger, name="api-docs"),
    path("api/redoc/", api_docs.redoc, name="api-redoc"),
    path("api/v1/", include(access_api)),
    path("api/v1/", include("interactions.doors.rest.urls")),
    path("api/v1/", include("analytics.kpis.urls")),
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
    path("desk/", include("interactions.desk.urls")),
    path("", include("interactions.urls")),
    path("", include("feedback.urls")),
    path("dashboards/", include("analytics.dashboards.urls")),
    path("owners/", include("analytics.dashboards.owner_urls")),
    path("map/", include("journeys.ownership.urls")),
    path("", include("ccx.kernel.access.urls")),
    # A demonstration's mail, and the shop that embeds the chat.
    path("demo/mail/", demo.mails, name="demo-mails"),
    path("demo/mail/<slug:name>/", demo.mail, name="demo-mail"),
    path("demo/shop/", demo.shop_shelf, name="demo-shop"),
    path("demo/shop/sign-in/", demo.shop_sign_in, name="demo-shop-sign-in"),
    path("demo/shop/<slug:slug>/", demo.shop_product, name="demo-shop-product"),
    # The public.
    path("", include("interactions.doors.chat.urls")),
    path("", include("interactions.doors.webform.urls")),
    path("", include(surveys_public)),
]
