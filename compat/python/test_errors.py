"""Refusals: the SDK's exception carries our code, our message in the language asked for, and the request id."""

import json
import time
import unittest
import unittest.mock

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

import fixture
import sdk

setUpModule = fixture.ingest_all

DAY = {"StartTime": fixture.DAY[0], "EndTime": fixture.DAY[1]}
REFUSED = [
    ({**DAY, "FunctionName": "no-such-function"}, "ResourceNotFound.FunctionName"),
    ({**DAY, "FunctionName": "alarm"}, "ResourceNotFound.FunctionName"),
    ({**DAY, "Offset": 9990, "Limit": 11}, "LimitExceeded.Offset"),
    ({**DAY, "Limit": 10001}, "LimitExceeded.Offset"),
    ({**DAY, "Offset": -1}, "InvalidParameterValue.Offset"),
    ({**DAY, "Limit": -1}, "InvalidParameterValue"),
    ({**DAY, "StartTime": "30 June 2021"}, "InvalidParameterValue.DateTime"),
    ({**DAY, "EndTime": "2021-06-31 00:00:00"}, "InvalidParameterValue.DateTime"),
    ({**DAY, "EndTime": "2021-07-01 00:00:01"}, "InvalidParameterValue.DateTime"),
    ({"StartTime": DAY["EndTime"], "EndTime": DAY["StartTime"]}, "InvalidParameterValue.DateTime"),
    ({"StartTime": DAY["StartTime"]}, "InvalidParameterValue.StartTimeOrEndTime"),
    ({"EndTime": DAY["EndTime"]}, "InvalidParameterValue.StartTimeOrEndTime"),
    ({**DAY, "Order": "acs"}, "InvalidParameterValue.Order"),
    ({**DAY, "OrderBy": "startTime"}, "InvalidParameterValue.OrderBy"),
    ({**DAY, "Filter": {"RetCode": "is1"}}, "InvalidParameterValue.RetCode"),
    ({**DAY, "Colour": "red"}, "UnknownParameter"),
]


def clock_off_by(seconds):
    """The client's clock, wrong."""
    return unittest.mock.patch("time.time", return_value=time.time() + seconds)


class Errors(unittest.TestCase):
    def refused(self, call):
        """The exception that `call` must raise."""
        with self.assertRaises(TencentCloudSDKException) as raised:
            call()
        self.assertTrue(raised.exception.message)
        self.assertRegex(raised.exception.requestId, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        return raised.exception

    def test_refused_parameters(self):
        for method in ("POST", "GET"):
            for parameters, code in REFUSED:
                with self.subTest(method=method, parameters=json.dumps(parameters)):
                    client = sdk.client(method=method)
                    error = self.refused(lambda: client.call_json("GetFunctionLogs", parameters))
                    self.assertEqual(error.code, code)

    def test_an_unknown_parameter_is_named(self):
        error = self.refused(lambda: sdk.client().call_json("GetFunctionLogs", {"Colour": "red"}))
        self.assertIn("`Colour`", error.message)

    def test_an_unknown_action(self):
        self.assertEqual(self.refused(lambda: sdk.client().call_json("NoSuchAction", {})).code, "InvalidAction")

    def test_an_unknown_secret_id(self):
        stranger = sdk.client(keys=("AKIDnobody0000000000000000000000000000", fixture.SECRET_KEY))
        self.assertEqual(self.refused(lambda: sdk.logs(stranger)).code, "AuthFailure.SecretIdNotFound")

    def test_a_clock_may_differ_by_five_minutes(self):
        for sign in ("HmacSHA256", "TC3-HMAC-SHA256"):
            for seconds in (-600, 600):
                with self.subTest(sign=sign, seconds=seconds), clock_off_by(seconds):
                    error = self.refused(lambda: sdk.logs(sdk.client(sign=sign)))
                    self.assertEqual(error.code, "AuthFailure.SignatureExpire")
            with clock_off_by(-240):
                self.assertEqual(sdk.logs(sdk.client(sign=sign)).TotalCount, len(fixture.expected()))

    def test_a_key_sees_what_its_policy_allows_and_no_more(self):
        limited = sdk.client(keys=sdk.LIMITED)
        answer = sdk.logs(limited, FunctionName="thumbnail", Limit=100)
        self.assertEqual(sdk.rows(answer), fixture.expected(function="thumbnail"))
        for function in ("order-sync", None):
            named = {"FunctionName": function} if function else {}
            error = self.refused(lambda: sdk.logs(limited, **named))
            self.assertEqual(error.code, "UnauthorizedOperation.CAM")
            self.assertIn("scf:GetFunctionLogs", error.message)
        self.assertEqual(self.refused(lambda: sdk.call(limited, "ListFunctions")).code, "UnauthorizedOperation.CAM")

    def test_messages_speak_the_language_asked_for(self):
        chinese, english = (
            self.refused(lambda: sdk.logs(sdk.client(language=language, sign=sign), FunctionName="no-such-function"))
            for language, sign in (("zh-CN", "TC3-HMAC-SHA256"), ("en-US", "HmacSHA256")))
        self.assertEqual(chinese.code, english.code)
        self.assertRegex(chinese.message, r"[\u4e00-\u9fff]")
        self.assertTrue(english.message.isascii(), english.message)

    def test_the_sixth_request_of_a_second_is_refused(self):
        client = sdk.client(endpoint=sdk.RATED)
        time.sleep(1.1)
        answered = 0
        error = None
        for _ in range(40):
            try:
                sdk.logs(client, window=None)
                answered += 1
            except TencentCloudSDKException as refusal:
                error = refusal
                break
        self.assertIsNotNone(error, "40 requests in a row were all answered")
        self.assertEqual(error.code, "RequestLimitExceeded")
        self.assertRegex(error.message, r"`\d+`.*`5`")
        self.assertGreaterEqual(answered, 5)
        time.sleep(1.1)
        sdk.logs(client, window=None)
