"""What a Prometheus reads: totals of all processes, under OpenTelemetry's names, for who has the bearer."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from starlette.testclient import TestClient

from core.platform.services import Services
from core.telemetry import recording
from core.telemetry.log_rows import MetricRow, RequestRow
from core.telemetry.prometheus_totals import BOUNDS_S
from core.telemetry.queues import now_us
from public_site.app import create_app

TOKEN = "only Prometheus knows this"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def measured(watched: Services) -> Services:
    return replace(watched, settings=watched.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}))


def value(page: str, sample_name: str, **labels: str) -> float:
    """Of the one sample with this name and, among others, these labels."""
    (found,) = (
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == sample_name and labels.items() <= sample.labels.items()
    )
    return float(found)


def test_totals_grow_across_two_lives_of_the_site(measured: Services) -> None:
    for _ in range(2):
        with TestClient(create_app(measured), base_url=measured.settings.base_url) as client:
            for path in ("/coaches", "/coaches", "/nowhere"):
                client.get(path)
            recorder = recording.active()
            assert recorder is not None
            recorder.requests.add(RequestRow(1, "http", "GET", "/slow", 503, "error", 3_000_000))
            recorder.lose("a test")
            recorder.event("mail", "SENT")
            recorder.metrics.add(MetricRow(now_us(), 7, "process.memory_bytes", 5e6))
            assert recorder.flush_now() and recorder.flush_now()
            answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    page, name = answer.text, "http_server_request_duration_seconds"
    assert value(page, f"{name}_count", http_route="/coaches", http_request_method="GET", service_name="site") == 4
    assert value(page, f"{name}_count", http_route="_unmatched", http_response_status_code="404", error_type="") == 2
    assert value(page, f"{name}_count", http_route="/slow", error_type="503") == 2
    assert value(page, f"{name}_sum", http_route="/slow") == 6
    by_bound = [value(page, f"{name}_bucket", http_route="/slow", le=str(bound)) for bound in BOUNDS_S]
    assert by_bound == [0.0] * 11 + [2.0] * 3
    assert value(page, "spirit_events_total", kind="mail", name="SENT") == 2
    assert value(page, "spirit_events_total", kind="lost", name="a test") == 2
    assert value(page, "process_memory_usage_bytes", process_pid="7") == 5e6


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_without_a_token_there_is_no_such_address_and_with_one_only_its_bearer_reads_it(
    watched: Services, measured: Services
) -> None:
    with TestClient(create_app(watched), base_url=watched.settings.base_url) as client:
        assert client.get("/metrics", headers=BEARER).status_code == 404
    with TestClient(create_app(measured), base_url=watched.settings.base_url) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 401
        assert client.post("/metrics", headers=BEARER).status_code == 405
