# One image for web, worker, beat and Flower; the command chooses.
FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv && /venv/bin/pip install --quiet uv
COPY requirements.txt /tmp/requirements.txt
RUN /venv/bin/uv pip install --python /venv/bin/python --no-cache --compile-bytecode -r /tmp/requirements.txt flower==2.2.0

FROM python:3.12-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=config.settings.prod
RUN useradd --create-home --uid 10001 abhyas && mkdir -p /app /data && chown abhyas /data
COPY --from=build /venv /venv
WORKDIR /app
COPY . /app
# Compiled here, since nothing is written later: a worker that was killed is back in a third of the time.
RUN python -m compileall -q /app
# Hashed and compressed once, in the image; no secret is needed for that, so a throw-away one is given.
RUN SECRET_KEY=build-only DATABASE_URL=sqlite:///:memory: ABHYAS_VAR=/tmp/var python manage.py collectstatic --noinput -v 0
USER abhyas
ENV ABHYAS_VAR=/data
# Of each of the two web processes; with what they hold open for live streams besides, see docs/operations.md.
ENV WEB_THREADS=2
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"
CMD ["granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--backpressure", "11024", "--no-ws", "config.asgi:application"]
