# The command `rdwi` with the locked packages. See docs/operating.md.

FROM python:3.12-slim AS builder
WORKDIR /src
RUN python -m venv --without-pip /opt/rdwi
# the packages come before the code, so that a change of code does not install them anew
COPY requirements.lock .
RUN python -m pip --python /opt/rdwi/bin/python install --disable-pip-version-check --require-hashes -r requirements.lock
COPY . .
RUN /opt/rdwi/bin/python -m hatchling build -t wheel -d /wheel
RUN python -m pip --python /opt/rdwi/bin/python install --disable-pip-version-check --no-deps --no-index --find-links /wheel rdwi-graph

FROM python:3.12-slim
# the loader's lease in Neo4j names this user; the home folder is never made, as nothing is written
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin rdwi
COPY --from=builder /opt/rdwi /opt/rdwi
ENV PATH=/opt/rdwi/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# by number, so that an orchestrator can tell that it is not root
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["rdwi"]
CMD ["serve", "--host", "0.0.0.0"]
