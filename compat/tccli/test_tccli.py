"""tccli as a person types it: its output, its errors, its exit codes. The program is the installed one, unmodified."""

import json
import os
import subprocess
import tempfile
import unittest

import fixture
from fixture import expected

TCCLI = os.environ["RUNLOG_TCCLI"]
ENDPOINT = "http://" + fixture.HTTP
WINDOW = ["--StartTime", fixture.DAY[0], "--EndTime", fixture.DAY[1]]
REFUSED = 255

setUpModule = fixture.ingest_all


class Tccli(unittest.TestCase):
    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TENCENTCLOUD_")},
            "HOME": home.name,
            "TENCENTCLOUD_SECRET_ID": fixture.SECRET_ID,
            "TENCENTCLOUD_SECRET_KEY": fixture.SECRET_KEY,
            "TENCENTCLOUD_REGION": fixture.REGION,
        }

    def tccli(self, *arguments):
        return subprocess.run([TCCLI, *arguments], env=self.environment, capture_output=True, text=True, timeout=60)

    def ask(self, *arguments, action="GetFunctionLogs"):
        """The parsed answer of a command that must succeed."""
        done = self.tccli("scf", action, "--endpoint", ENDPOINT, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, *arguments, action="GetFunctionLogs"):
        """What a command that must be refused says on standard error."""
        done = self.tccli("scf", action, "--endpoint", ENDPOINT, *arguments)
        self.assertEqual((done.returncode, done.stdout), (REFUSED, ""))
        self.assertRegex(done.stderr, r"^\[TencentCloudSDKException\] code:\S+ message:.+ requestId:[0-9a-f-]{36}\n$")
        return done.stderr

    def test_every_field_of_every_row(self):
        answer = self.ask(*WINDOW, "--Limit", "100")
        self.assertEqual(answer["Data"], expected())
        self.assertEqual(answer["TotalCount"], len(expected()))
        self.assertEqual(list(answer), ["TotalCount", "Data", "SearchContext", "RequestId"])

    def test_keys_as_flags(self):
        for name in ("SECRET_ID", "SECRET_KEY", "REGION"):
            del self.environment["TENCENTCLOUD_" + name]
        answer = self.ask("--secretId", fixture.SECRET_ID, "--secretKey", fixture.SECRET_KEY, "--region",
                          fixture.REGION, *WINDOW)
        self.assertEqual(answer["TotalCount"], len(expected()))

    def test_endpoint_from_the_configuration(self):
        self.assertEqual(self.tccli("configure", "set", "scf.endpoint", ENDPOINT).returncode, 0)
        done = self.tccli("scf", "GetFunctionLogs", *WINDOW)
        self.assertEqual(json.loads(done.stdout)["TotalCount"], len(expected()))

    def test_a_filter_as_json_and_unfolded(self):
        want = expected(ret_code="not0")
        self.assertEqual(self.ask(*WINDOW, "--Limit", "100", "--Filter", '{"RetCode":"not0"}')["Data"], want)
        unfolded = self.ask("--cli-unfold-argument", *WINDOW, "--Limit", "100", "--Filter.RetCode", "not0")
        self.assertEqual(unfolded["Data"], want)

    def test_order_page_and_search(self):
        answer = self.ask(*WINDOW, "--cli-unfold-argument", "--FunctionName", "thumbnail", "--OrderBy", "mem_usage",
                          "--Order", "asc", "--Offset", "1", "--Limit", "4", "--SearchContext.Offset", "",
                          "--SearchContext.Limit", "4", "--SearchContext.Keyword", "成功")
        want = expected("mem_usage", "asc", function="thumbnail", keyword="成功")
        self.assertEqual((answer["TotalCount"], answer["Data"]), (len(want), want[1:5]))
        self.assertGreater(len(want), 5)

    def test_a_run_by_its_id(self):
        requestid = fixture.RUNS[-1]["RequestId"]
        answer = self.ask("--FunctionName", "APITest", "--FunctionRequestId", requestid)
        self.assertEqual(answer["Data"], expected(request_id=requestid, window=None))

    def test_no_parameters_at_all(self):
        self.assertEqual(self.ask()["TotalCount"], 0)

    def test_output_as_text_with_a_filter(self):
        window = ("2021-06-30 10:00:00", "2021-06-30 10:00:02")
        done = self.tccli("scf", "GetFunctionLogs", "--endpoint", ENDPOINT, "--StartTime", window[0], "--EndTime",
                          window[1], "--output", "text", "--filter", "Data[].[RequestId,RetCode]")
        rows = expected(window=window)
        self.assertEqual(done.stdout, "".join(f"{row['RequestId']}\t{row['RetCode']}\n" for row in rows))

    def test_refusals(self):
        for code, arguments in (
                ("ResourceNotFound.FunctionName", ("--FunctionName", "no-such-function")),
                ("LimitExceeded.Offset", ("--Offset", "9990", "--Limit", "11")),
                ("InvalidParameterValue.StartTimeOrEndTime", ("--StartTime", fixture.DAY[0])),
                ("InvalidParameterValue.DateTime", ("--StartTime", "30 June", "--EndTime", "1 July")),
                ("InvalidParameterValue.OrderBy", ("--OrderBy", "startTime")),
                ("AuthFailure.SignatureFailure", ("--secretKey", "wrong")),
                ("AuthFailure.SecretIdNotFound", ("--secretId", "AKIDnobody0000000000000000000000000000"))):
            with self.subTest(code=code):
                self.assertIn(f"code:{code} message:", self.refused(*arguments))

    def test_messages_speak_the_language_asked_for(self):
        self.assertRegex(self.refused("--Order", "acs", "--language", "zh-CN"), r"[\u4e00-\u9fff]")
        self.assertTrue(self.refused("--Order", "acs", "--language", "en-US").isascii())

    def test_other_actions(self):
        functions = self.ask(action="ListFunctions")
        self.assertEqual(functions["TotalCount"], 4)
        run = fixture.RUNS[0]
        status = self.ask("--FunctionName", run["FunctionName"], "--FunctionRequestId", run["RequestId"], *WINDOW,
                          action="GetRequestStatus")
        self.assertEqual([(row["RequestId"], row["RetCode"]) for row in status["Data"]], [(run["RequestId"], 0)])
        self.assertEqual(self.ask("--FunctionName", "thumbnail", action="GetFunction")["FunctionName"], "thumbnail")
