"""The API described: the schema, and two ways to read it that load nothing from elsewhere."""

from csp.decorators import csp_update
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

schema = SpectacularAPIView.as_view()
# The split view keeps its start-up code in a script of its own, so scripts stay strict; both draw with inline styles.
swagger = csp_update({"style-src": ["'unsafe-inline'"]})(
    SpectacularSwaggerSplitView.as_view(url_name="api-schema", template_name="api/swagger.html")
)
redoc = csp_update({"style-src": ["'unsafe-inline'"], "worker-src": ["blob:"]})(
    SpectacularRedocView.as_view(url_name="api-schema", template_name="api/redoc.html")
)
