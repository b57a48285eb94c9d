# One image for web, worker, beat and sandbox; see compose.yaml.
FROM python:3.11-slim-bookworm
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY . .
ENV PYTHONUNBUFFERED=1 STATIC_ROOT=/app/static-collected STATIC_COLLECTED=true MEDIA_ROOT=/data/media SPOOL_ROOT=/data/spool
# Collecting reads no store; the values only let the settings load.
RUN SECRET_KEY=0123456789abcdefghijklmnopqrstuvwxyz VAULT_KEYS=build:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY= \
    LEDGER_KEYS=build:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY= \
    DATABASE_URL=postgres://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1/0 \
    python manage.py collectstatic --noinput -v0 \
 && useradd --system --uid 10001 atelier && mkdir -p /data && chown atelier /data
USER atelier
VOLUME /data
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", "--no-proxy-headers", "--timeout-graceful-shutdown", "10"]
