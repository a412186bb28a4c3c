"""Every signature method x request method x scheme: the same questions, the same answers.

The questions are chosen for what travels: nested parameters, Chinese, characters that a query string escapes, a request
without parameters, an error, and a wrong key.
"""

import itertools
import unittest

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

import fixture
import sdk

setUpModule = fixture.ingest_all


class Questions:
    options = {}

    def setUp(self):
        self.client = sdk.client(**self.options)

    def test_every_field_of_every_row(self):
        answer = sdk.logs(self.client, Limit=100)
        self.assertEqual(sdk.rows(answer), fixture.expected())
        self.assertEqual(answer.TotalCount, len(fixture.expected()))

    def test_nested_parameters(self):
        answer = sdk.logs(self.client, FunctionName="order-sync", Qualifier="$LATEST", Namespace="default", Order="asc",
                          OrderBy="duration", Filter={"RetCode": "not0"},
                          SearchContext={"Offset": "", "Limit": 20, "Keyword": "订单-10086", "Type": "Application"})
        expected = fixture.expected("duration", "asc", function="order-sync", qualifier="$LATEST", ret_code="not0",
                                    keyword="订单-10086")
        self.assertEqual(len(expected), 3)
        self.assertEqual(sdk.rows(answer), expected)

    def test_characters_that_are_escaped_in_a_query(self):
        for keyword in ("100% <b>&amp;</b> a+b=c 🚀 全角　空格", '"quoted" \\back\\slash', '50% <done> & "dusted" \\o/'):
            with self.subTest(keyword=keyword):
                answer = sdk.logs(self.client, SearchContext={"Offset": "", "Limit": 20, "Keyword": keyword})
                self.assertEqual(sdk.rows(answer), fixture.expected(keyword=keyword))
                self.assertEqual(answer.TotalCount, 1)

    def test_empty_values_count_as_absent(self):
        answer = sdk.logs(self.client, Limit=100, Namespace="", Qualifier="", FunctionName="", Filter={"RetCode": ""})
        self.assertEqual(sdk.rows(answer), fixture.expected())

    def test_no_parameters_at_all(self):
        answer = sdk.logs(self.client, window=None)
        self.assertEqual((answer.TotalCount, answer.Data), (0, []), "nothing of the last 24 hours is stored")

    def test_an_error_is_an_exception_with_code_message_and_request_id(self):
        with self.assertRaises(TencentCloudSDKException) as raised:
            sdk.logs(self.client, FunctionName="no-such-function")
        self.assertEqual(raised.exception.code, "ResourceNotFound.FunctionName")
        self.assertTrue(raised.exception.message)
        self.assertRegex(raised.exception.requestId, r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

    def test_a_wrong_key_is_refused(self):
        wrong = sdk.client(**{**self.options, "keys": (fixture.SECRET_ID, "not" + fixture.SECRET_KEY)})
        with self.assertRaises(TencentCloudSDKException) as raised:
            sdk.logs(wrong)
        self.assertEqual(raised.exception.code, "AuthFailure.SignatureFailure")


def variants():
    for sign, method, scheme in itertools.product(
            ("HmacSHA1", "HmacSHA256", "TC3-HMAC-SHA256"), ("GET", "POST"), ("http", "https")):
        yield f"{sign}-{method}-{scheme}", {"sign": sign, "method": method, "scheme": scheme}
    for method in ("GET", "POST"):
        yield f"TC3-{method}-unsigned-payload", {"method": method, "unsigned": True}
    # A URL as the endpoint is sent, and signed, as the Host header.
    yield "TC3-POST-url-endpoint", {"endpoint": "http://" + fixture.HTTP}


def load_tests(loader, _tests, _pattern):
    suite = unittest.TestSuite()
    for name, options in variants():
        case = type(name, (Questions, unittest.TestCase), {"options": options, "__module__": __name__})
        suite.addTests(loader.loadTestsFromTestCase(case))
    return suite
