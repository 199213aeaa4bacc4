# A worker, and every other verb, of account-vending: `docker build --tag account-vending .`; see docs/operations-temporal.md.
# By digest, where builds have to be the same: --build-arg PYTHON=python:3.13-slim-trixie@sha256:…
ARG PYTHON=python:3.13-slim-trixie


FROM ${PYTHON} AS terraform
# The checksums are those that HashiCorp publishes as terraform_VERSION_SHA256SUMS: https://developer.hashicorp.com/terraform/install
ARG TERRAFORM_VERSION=1.11.4
ARG TERRAFORM_SHA256_AMD64=1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc
ARG TERRAFORM_SHA256_ARM64=a43d1d0da9b9bab214a8305a39db0e40869572594ccf50c416a7756499143633
ARG TERRAFORM_RELEASES=https://releases.hashicorp.com/terraform
WORKDIR /terraform
COPY deploy/fetch_terraform.py /usr/local/bin/
RUN python3 /usr/local/bin/fetch_terraform.py


FROM ${PYTHON} AS build
WORKDIR /source
COPY requirements/build.txt requirements/worker.txt requirements/
RUN python3 -m venv /opt/build \
 && python3 -m venv /opt/vend \
 && /opt/build/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements/build.txt \
 && /opt/vend/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements/worker.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY pipeline pipeline
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/vend/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl \
 && /opt/vend/bin/pip uninstall --yes pip


FROM ${PYTHON}
# git and ssh: the checkout, and customizations in git. tini: reaps what a killed Terraform leaves behind.
# hadolint ignore=DL3008 # Debian removes a version as soon as it has been mended
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git openssh-client tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --create-home --shell /usr/sbin/nologin vend \
 && install --directory --owner vend --group vend /workspace
COPY --from=terraform /terraform/terraform /usr/local/bin/
COPY --from=terraform /terraform/LICENSE.txt /usr/share/doc/terraform/
COPY --from=build /opt/vend /opt/vend
COPY deploy/checkout /usr/local/bin/
# Each build ends only if its parts run.
RUN /opt/vend/bin/vend --version && terraform version && git --version
ENV HOME=/home/vend \
    PATH=/opt/vend/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /workspace
# All that is written. The root file system may be read-only.
VOLUME ["/workspace", "/home/vend", "/tmp"]
ENTRYPOINT ["tini", "--", "vend"]
CMD ["worker", "--help"]
