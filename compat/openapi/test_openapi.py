"""The description at /openapi.json is valid OpenAPI 3.1, and a running server answers as it says.

Every operation that reads is asked in the ways that its own description offers: without parameters, with each of them
as its example has it, with all of those that go together, and wrongly. What comes back must be of a status, a media
type and a schema that the description names.
"""

import base64
import json
import os
import unittest
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import fixture

LIMITED = (os.environ["RUNLOG_LIMITED_ID"], os.environ["RUNLOG_LIMITED_KEY"])
ROOT = (fixture.SECRET_ID, fixture.SECRET_KEY)
# What goes together, and shows as much of an answer as there is.
RICH = {"histogram": "1d", "facets": "namespace,function,version,qualifier,state,ret_code", "percentiles": "true",
        "limit": 100, "from": "2018-01-01", "to": "2022-01-01", "sort": "duration:asc"}


def document():
    with urllib.request.urlopen(f"http://{fixture.HTTP}/openapi.json", timeout=30) as answer:
        return json.load(answer)


def setUpModule():
    fixture.ingest_all()


class Answer:
    """An answer, its stream cut off after a while where it has no end."""

    def __init__(self, method, path, params=None, key=ROOT, body=None, headers=()):
        url = f"http://{fixture.HTTP}{path}" + (f"?{urllib.parse.urlencode(params)}" if params else "")
        request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))
        if key:
            token = base64.b64encode(":".join(key).encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        try:
            answer = urllib.request.urlopen(request, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            self.url, self.status = url, str(answer.status)
            self.media = answer.headers["Content-Type"].split(";")[0]
            if self.media == "text/event-stream":
                # What it says at once, and events where it begins with the oldest.
                lines = 40 if params and "from_seq" in params else 4
                self.body = b"".join(answer.readline() for _ in range(lines))
            else:
                self.body = answer.read()


class Described(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.document = document()

    def operations(self, method):
        for path, item in self.document["paths"].items():
            if method in item:
                yield path, item[method]

    def check(self, operation, answer):
        """An answer is what its operation says; gives what it holds."""
        self.assertIn(answer.status, operation["responses"], f"{answer.url}: {answer.body[:300]}")
        content = operation["responses"][answer.status]["content"]
        self.assertIn(answer.media, content, answer.url)
        if answer.media == "application/json":
            value = json.loads(answer.body)
            self.conforms(value, content[answer.media]["schema"], answer.url)
            return value
        return answer.body

    def conforms(self, value, schema, where):
        schema = {**schema, "components": self.document["components"]}
        errors = [f"{error.json_path}: {error.message[:300]}" for error in Draft202012Validator(schema).iter_errors(value)]
        self.assertEqual(errors, [], where)

    def ask(self, path, operation, **params):
        path = path.replace("{request_id}", fixture.RUNS[0]["RequestId"])
        return self.check(operation, Answer("GET", path, params))

    def test_it_is_valid(self):
        errors = [error.message for error in OpenAPIV31SpecValidator(self.document).iter_errors()]
        self.assertEqual(errors, [])
        for name, schema in self.document["components"]["schemas"].items():
            with self.subTest(schema=name):
                Draft202012Validator.check_schema(schema)

    def test_every_operation_by_itself_and_with_each_parameter(self):
        for path, operation in self.operations("get"):
            cursor = None
            if any(parameter["name"] == "cursor" for parameter in operation["parameters"]):
                cursor = self.ask(path, operation, limit=3)["next"]
            with self.subTest(path=path):
                self.ask(path, operation)
            for parameter in operation["parameters"]:
                name, example = parameter["name"], parameter["example"]
                if parameter["in"] != "query":
                    continue
                value = cursor if name == "cursor" else ",".join(example) if isinstance(example, list) else example
                params = {name: value}
                if name in ("as_of", "from_seq"):
                    params[name] = 12
                elif name == "buckets":
                    params.update({"from": "2021-06-30", "to": "2021-07-01"})
                elif name == "after":
                    params["as_of"] = 12
                elif path.endswith("/allowed"):
                    params.setdefault("action", "scf:GetFunctionLogs")
                elif name == "bucket_percentiles" and path == "/api/v1/runs":
                    params["histogram"] = "1d"
                if path.endswith("/compare"):
                    params = {"a": "version=1", "b": "version=2", **params}
                with self.subTest(path=path, parameter=name):
                    answer = Answer("GET", path.replace("{request_id}", fixture.RUNS[0]["RequestId"]), params)
                    # The one run that is asked for is of another function than the example's.
                    expected = "404" if "{" in path and name == "function" else "200"
                    self.assertEqual(answer.status, expected, answer.body[:300])
                    self.check(operation, answer)

    def test_rich_answers(self):
        seen = defaultdict(set)
        for path, operation in self.operations("get"):
            names = {parameter["name"] for parameter in operation["parameters"]}
            params = {name: value for name, value in RICH.items() if name in names}
            if path == "/api/v1/export":
                params["sort"] = "start_time:asc"
            if params:
                with self.subTest(path=path):
                    value = self.ask(path, operation, **params)
                    if isinstance(value, dict):
                        seen[path] = set(value)
        expected = {"runs", "total", "next", "histogram", "facets", "percentiles", "window", "watermark", "cost"}
        self.assertLessEqual(expected - {"next"}, seen["/api/v1/runs"])

    def test_refusals(self):
        for path, operation in self.operations("get"):
            asked = path.replace("{request_id}", "none")
            with self.subTest(path=path):
                if operation["parameters"]:
                    answer = Answer("GET", asked, {"nonsense": 1})
                    self.assertEqual(answer.status, "400")
                    self.check(operation, answer)
                if operation.get("security") != []:
                    for key in (None, ("nobody", "wrong")):
                        answer = Answer("GET", asked, key=key)
                        self.assertEqual(answer.status, "401")
                        self.check(operation, answer)
                if "{request_id}" in path:
                    self.assertEqual(self.check(operation, Answer("GET", asked))["code"], "NotFound")
        runs = self.document["paths"]["/api/v1/runs"]["get"]
        self.assertEqual(self.check(runs, Answer("GET", "/api/v1/runs", key=LIMITED))["code"], "UnauthorizedOperation.CAM")

    def test_lines_of_an_export_are_runs(self):
        body = self.ask("/api/v1/export", self.document["paths"]["/api/v1/export"]["get"])
        lines = body.splitlines()
        finished = [run for run in fixture.RUNS if run["RetCode"] != fixture.RUNNING]
        self.assertEqual(len(lines), len(finished))
        for line in lines:
            self.conforms(json.loads(line), {"$ref": "#/components/schemas/Run"}, line)

    def test_events_of_a_tail_are_events(self):
        body = self.ask("/api/v1/tail", self.document["paths"]["/api/v1/tail"]["get"], from_seq=0)
        data = [line.removeprefix(b"data: ") for line in body.splitlines() if line.startswith(b"data: ")]
        self.assertGreater(len(data), 5)
        for event in data:
            self.conforms(json.loads(event), {"$ref": "#/components/schemas/Event"}, event)

    def test_a_run_of_an_answer_can_be_posted_as_it_is_described(self):
        run = self.ask("/api/v1/runs", self.document["paths"]["/api/v1/runs"]["get"], limit=1)["runs"][0]
        post = self.document["paths"]["/api/v1/runs"]["post"]
        body = json.dumps([run]).encode()
        answer = Answer("POST", "/api/v1/runs", body=body, headers={"Content-Type": "application/json"})
        self.assertEqual(self.check(post, answer)["duplicates"], 1)
        for body, coding, status in ((b"[1,", "identity", "400"), (b"x", "gzip", "400"), (b"{}", "br", "415")):
            broken = Answer("POST", "/api/v1/runs", body=body, headers={"Content-Encoding": coding})
            self.assertEqual(broken.status, status, broken.body[:300])
            self.check(post, broken)
        backup = self.document["paths"]["/api/v1/admin/backup"]["post"]
        self.check(backup, Answer("POST", "/api/v1/admin/backup", body=b'{"to":"a"}', key=LIMITED))
        self.check(backup, Answer("POST", "/api/v1/admin/backup", body=b'{"to":"a"}'))
        retain = self.document["paths"]["/api/v1/admin/retain"]["post"]
        for body, key in ((b'{"trust_clock":true}', LIMITED), (b"{}", None), (b'{"trust_clock":true}', None)):
            self.check(retain, Answer("POST", "/api/v1/admin/retain", body=body, **({"key": key} if key else {})))


if __name__ == "__main__":
    unittest.main()
