"""The OpenTelemetry SDK for Python: its logging handler, batches and exporters, over gRPC and HTTP, plain and TLS.

What was logged is read back by the native API and by the cloud's own SDK.
"""

import base64
import json
import logging
import os
import time
import unittest
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager

import grpc
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models, scf_client

import fixture

OTLP_GRPC = os.environ["RUNLOG_OTLP_GRPC"]
OTLP_HTTP = os.environ["RUNLOG_OTLP_HTTP"]
# A server whose silent runs end after a second.
IDLE = os.environ["RUNLOG_IDLE_HTTP"]
CA = os.environ["RUNLOG_CA"]
# To requests, on which the HTTP exporter rests, a machine's variable counts for more than the exporter's own option.
for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(variable, None)
BASIC = "Basic " + base64.b64encode(f"{fixture.SECRET_ID}:{fixture.SECRET_KEY}".encode()).decode()
HEADERS = {"authorization": BASIC}
PATIENCE = 60


def by_name(address):
    """The same address by the name that is in the certificate."""
    return "localhost:" + address.rsplit(":", 1)[1]


def certificate():
    with open(CA, "rb") as file:
        return grpc.ssl_channel_credentials(file.read())


WAYS = {
    "grpc": lambda: GrpcExporter(endpoint=f"http://{OTLP_GRPC}", insecure=True, headers=HEADERS),
    "grpc-gzip": lambda: GrpcExporter(endpoint=OTLP_GRPC, insecure=True, headers=HEADERS,
                                      compression=grpc.Compression.Gzip),
    "grpc-tls": lambda: GrpcExporter(endpoint=f"https://{by_name(OTLP_GRPC)}", credentials=certificate(),
                                     headers=HEADERS),
    "http": lambda: HttpExporter(endpoint=f"http://{OTLP_HTTP}/v1/logs", headers=HEADERS),
    "http-gzip": lambda: HttpExporter(endpoint=f"http://{OTLP_HTTP}/v1/logs", headers=HEADERS,
                                      compression=Compression.Gzip),
    "http-tls": lambda: HttpExporter(endpoint=f"https://{by_name(OTLP_HTTP)}/v1/logs", headers=HEADERS,
                                     certificate_file=CA),
    "main": lambda: HttpExporter(endpoint=f"http://{fixture.HTTP}/v1/logs", headers=HEADERS),
}


class Recording:
    """An exporter that remembers what became of each batch."""

    def __init__(self, exporter):
        self.exporter, self.results = exporter, []

    def export(self, batch):
        self.results.append(self.exporter.export(batch))
        return self.results[-1]

    def shutdown(self):
        self.exporter.shutdown()

    def force_flush(self, timeout_millis=10000):
        return True


@contextmanager
def logging_to(exporter, **resource):
    """A logger whose lines go to an exporter in batches, as in an application; and its provider."""
    attributes = {key.replace("__", "."): value for key, value in resource.items()}
    provider = LoggerProvider(resource=Resource.create(attributes))
    processor = BatchLogRecordProcessor(exporter, schedule_delay_millis=100, max_export_batch_size=64)
    provider.add_log_record_processor(processor)
    logger = logging.getLogger(str(uuid.uuid4()))
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(LoggingHandler(logger_provider=provider))
    try:
        yield logger, provider
    finally:
        provider.shutdown()


def native(path, http=fixture.HTTP):
    request = urllib.request.Request(f"http://{http}{path}", headers={"Authorization": BASIC})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def run(request_id, http=fixture.HTTP):
    """The one run with this id; None where there is none."""
    try:
        runs = native(f"/api/v1/runs/{request_id}", http)["runs"]
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise
    assert len(runs) == 1, runs
    return runs[0]


def signed(function):
    """The runs of a function as the cloud's own SDK gets them."""
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=fixture.HTTP))
    client = scf_client.ScfClient(Credential(fixture.SECRET_ID, fixture.SECRET_KEY), fixture.REGION, profile)
    request = models.GetFunctionLogsRequest()
    request.FunctionName, request.Limit = function, 100
    return client.GetFunctionLogs(request)


def eventually(what, attempt):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = attempt()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen in {PATIENCE} s")


def words(found):
    """The message of each line, which is its third word."""
    return [line.split()[2] for line in found["Log"].splitlines()]


class Otlp(unittest.TestCase):
    maxDiff = 4000

    def test_runs_of_many_lines_by_every_way(self):
        for name, make in WAYS.items():
            with self.subTest(way=name):
                ids = [str(uuid.uuid4()) for _ in range(3)]
                exporter = Recording(make())
                function = f"worker-{name}"
                with logging_to(exporter, faas__name=function, faas__version="7", service__name="ignored") as (log, _):
                    for number in range(200):
                        for request_id in ids:
                            log.info("line-%d", number, extra={"faas.invocation_id": request_id})
                    # They are listed while they run.
                    for request_id in ids:
                        found = eventually("a running run", lambda: run(request_id))
                        self.assertEqual((found["RetCode"], found["InvokeFinished"]), (2, 0))
                    for request_id in ids:
                        log.info("end", extra={"faas.invocation_id": request_id, "runlog.finished": True,
                                               "runlog.duration_ms": 1234.5, "runlog.mem_bytes": 1 << 20})
                self.assertGreater(len(exporter.results), 5)
                self.assertEqual(set(exporter.results), {LogRecordExportResult.SUCCESS})
                for request_id in ids:
                    found = run(request_id)
                    self.assertEqual(words(found), [f"line-{number}" for number in range(200)] + ["end"])
                    self.assertEqual((found["FunctionName"], found["Qualifier"], found["Level"]), (function, "7", "INFO"))
                answer = signed(function)
                self.assertEqual(answer.TotalCount, 3)
                for row in answer.Data:
                    self.assertEqual((row.RetCode, row.InvokeFinished, row.Duration, row.BillDuration, row.MemUsage),
                                     (0, 1, 1234.5, 1300, 1 << 20))
                    self.assertEqual(row.Log, run(row.RequestId)["Log"])

    def test_an_exception_fails_the_run(self):
        request_id = str(uuid.uuid4())
        with logging_to(WAYS["grpc"](), faas__name="failing") as (log, _):
            try:
                raise ValueError("no order-10086")
            except ValueError:
                log.exception("could not load", extra={"faas.invocation_id": request_id})
            log.warning("giving up", extra={"faas.invocation_id": request_id, "runlog.finished": True})
        found = run(request_id)
        self.assertEqual((found["RetCode"], found["Level"]), (430, "ERROR"))
        self.assertEqual(found["RetMsg"], "ValueError: no order-10086")
        self.assertIn("Traceback (most recent call last)", found["Log"])
        self.assertIn("code.function.name=test_an_exception_fails_the_run", found["Log"])
        self.assertLess(found["Log"].index("Traceback"), found["Log"].index("giving up"))

    def test_a_trace_is_a_run_where_no_invocation_is_named(self):
        tracer = TracerProvider().get_tracer("test")
        with logging_to(WAYS["http"](), service__name="traced") as (log, _):
            with tracer.start_as_current_span("request") as span:
                log.info("in-the-span")
                log.info("at-its-end", extra={"runlog.ret_code": 7})
            request_id = format(span.get_span_context().trace_id, "032x")
        found = run(request_id)
        self.assertEqual((found["FunctionName"], found["RetCode"]), ("traced", 7))
        self.assertEqual(words(found), ["in-the-span", "at-its-end"])

    def test_a_silent_run_ends_by_itself(self):
        exporter = HttpExporter(endpoint=f"http://{IDLE}/v1/logs", headers=HEADERS)
        request_id = str(uuid.uuid4())
        with logging_to(exporter, faas__name="silent") as (log, provider):
            log.info("only", extra={"faas.invocation_id": request_id})
            provider.force_flush()
            found = eventually("the end of a silent run",
                               lambda: (run(request_id, IDLE) or {}).get("InvokeFinished") and run(request_id, IDLE))
        self.assertEqual((found["RetCode"], words(found)), (0, ["only"]))

    def test_late_lines_do_not_change_a_finished_run(self):
        request_id = str(uuid.uuid4())
        exporter = Recording(WAYS["grpc"]())
        with logging_to(exporter, faas__name="late") as (log, provider):
            log.info("end", extra={"faas.invocation_id": request_id, "runlog.finished": True})
            provider.force_flush()
            before = run(request_id)
            log.info("late", extra={"faas.invocation_id": request_id})
        self.assertEqual(run(request_id), before)
        # A partial success is a success: the exporter must not send it again.
        self.assertEqual(exporter.results, [LogRecordExportResult.SUCCESS] * 2)

    def test_wrong_credentials_are_refused_and_store_nothing(self):
        wrong = {"authorization": "Basic " + base64.b64encode(b"nobody:nothing").decode()}
        for name, exporter in (("grpc", GrpcExporter(endpoint=OTLP_GRPC, insecure=True, headers=wrong)),
                               ("http", HttpExporter(endpoint=f"http://{OTLP_HTTP}/v1/logs", headers=wrong))):
            with self.subTest(way=name):
                request_id = str(uuid.uuid4())
                recording = Recording(exporter)
                with logging_to(recording, faas__name="refused") as (log, _):
                    log.info("x", extra={"faas.invocation_id": request_id})
                self.assertEqual(recording.results, [LogRecordExportResult.FAILURE])
                self.assertIsNone(run(request_id))
