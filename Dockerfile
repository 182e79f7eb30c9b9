# One image for all of 03_celery: the API, the workers, beat and Flower. See compose.yaml.
FROM python:3.13-slim

# Unbuffered: a log line is there when it is written, also when the container is killed.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
WORKDIR /app

COPY pyproject.toml constraints.txt LICENSE ./
COPY scenarios scenarios
RUN pip install --no-cache-dir --constraint constraints.txt ".[celery]" \
    && useradd --system --user-group --uid 10001 --home-dir /app app \
    && install --directory --owner app --group app /data
COPY 03_celery 03_celery

# Celery warns of a worker that runs as root; a volume at /data takes over the owner of the folder.
USER 10001
VOLUME /data
EXPOSE 8003
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8003/healthz')"]
CMD ["uvicorn", "03_celery.main:app", "--host", "0.0.0.0", "--port", "8003"]
