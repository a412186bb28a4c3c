"""The other actions that an SDK can ask: GetRequestStatus, ListFunctions, GetFunction, ListNamespaces, versions."""

import unittest

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

import fixture
import sdk

setUpModule = fixture.ingest_all


def status(run):
    """How GetRequestStatus says it: 0 ok, 1 running, -1 failed; memory in MB."""
    return {0: 0, fixture.RUNNING: 1}.get(run["RetCode"], -1)


class Actions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = sdk.client()

    def test_get_request_status(self):
        for code in (0, fixture.RUNNING, 430, 433, 3):
            run = next(run for run in fixture.RUNS if run["RetCode"] == code and run["Namespace"] == "default"
                       and fixture.DAY[0] <= fixture.wall(run["start_ms"]) <= fixture.DAY[1])
            with self.subTest(code=code):
                answer = sdk.call(self.client, "GetRequestStatus", FunctionName=run["FunctionName"],
                                  FunctionRequestId=run["RequestId"], StartTime=fixture.DAY[0], EndTime=fixture.DAY[1])
                self.assertEqual(answer.TotalCount, 1)
                got = answer.Data[0]
                self.assertEqual(
                    (got.FunctionName, got.RequestId, got.RetMsg, got.StartTime, got.Duration, got.RetryNum),
                    (run["FunctionName"], run["RequestId"], run["RetMsg"], fixture.wall(run["start_ms"]),
                     run["Duration"], run["RetryNum"]))
                self.assertEqual(got.RetCode, status(run))
                self.assertAlmostEqual(got.MemUsage, run["MemUsage"] / 1048576, places=3)

    def test_list_functions(self):
        answer = sdk.call(self.client, "ListFunctions")
        self.assertEqual({function.FunctionName for function in answer.Functions},
                         {"thumbnail", "order-sync", "nightly-report", "APITest"})
        self.assertEqual({function.Namespace for function in answer.Functions}, {"default"})
        self.assertEqual(answer.TotalCount, 4)
        prod = sdk.call(self.client, "ListFunctions", Namespace="prod")
        self.assertEqual({function.FunctionName for function in prod.Functions}, {"order-sync", "alarm"})

    def test_list_functions_by_page(self):
        pages = [sdk.call(self.client, "ListFunctions", Offset=offset, Limit=2) for offset in (0, 2)]
        names = [function.FunctionName for page in pages for function in page.Functions]
        self.assertEqual(sorted(names), ["APITest", "nightly-report", "order-sync", "thumbnail"])

    def test_get_function(self):
        answer = sdk.call(self.client, "GetFunction", FunctionName="thumbnail")
        self.assertEqual((answer.FunctionName, answer.Namespace), ("thumbnail", "default"))
        with self.assertRaises(TencentCloudSDKException) as raised:
            sdk.call(self.client, "GetFunction", FunctionName="no-such-function")
        self.assertTrue(raised.exception.code.startswith("ResourceNotFound"), raised.exception.code)

    def test_list_namespaces(self):
        answer = sdk.call(self.client, "ListNamespaces")
        self.assertEqual(sorted(namespace.Name for namespace in answer.Namespaces), ["default", "prod"])
        self.assertEqual(answer.TotalCount, 2)

    def test_list_version_by_function(self):
        answer = sdk.call(self.client, "ListVersionByFunction", FunctionName="thumbnail")
        self.assertEqual(sorted(version.Version for version in answer.Versions), ["$LATEST", "1", "2"])
        self.assertEqual(sorted(answer.FunctionVersion), ["$LATEST", "1", "2"])
        self.assertEqual(answer.TotalCount, 3)
