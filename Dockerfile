# syntax=docker/dockerfile:1

# The browser's packages: exact versions from the lock, no install scripts.
FROM node:24-bookworm-slim AS assets
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

# Python packages, each file checked against its hash.
FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements.txt ./
RUN /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=ccx.settings.base \
    CCX_STATIC_ROOT=/app/static_built \
    CCX_VAR=/var/lib/ccx
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin ccx \
    && install -d -o ccx -g ccx /var/lib/ccx
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=assets /app/node_modules node_modules
COPY manage.py ./
COPY ccx ccx
COPY interactions interactions
COPY feedback feedback
COPY journeys journeys
COPY analytics analytics
COPY templates templates
COPY static static
COPY locale locale
RUN python -m ccx.catalogues && python -m compileall -q manage.py ccx interactions feedback journeys analytics
# The image serves hashed files that are part of it; the browser's packages are not needed after that.
RUN CCX_VAR=/tmp/build python manage.py collectstatic --no-input --verbosity 0 && rm -rf node_modules /tmp/build
USER 10001
EXPOSE 8000 8001
# Web, sockets, worker and scheduler differ by their command: docker-compose.yml.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "10", "--log-level", "warning", "ccx.wsgi:application"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
