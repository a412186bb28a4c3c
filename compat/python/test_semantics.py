"""GetFunctionLogs: order, paging, filters and windows, each compared with the oracle row by row."""

import re
import unittest

import fixture
import sdk
from fixture import DAY, expected

setUpModule = fixture.ingest_all


class Semantics(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.client = sdk.client()

    def ask(self, **parameters):
        return sdk.logs(self.client, **{"Limit": 1000, **parameters})

    def check(self, want, **parameters):
        """The answer holds exactly `want`, and TotalCount counts it."""
        answer = self.ask(**parameters)
        self.assertEqual(sdk.rows(answer), want)
        self.assertEqual(answer.TotalCount, len(want))

    def test_every_sort_key_both_ways(self):
        for order_by in fixture.KEYS:
            for order in ("asc", "desc"):
                for function in (None, "thumbnail"):
                    with self.subTest(order_by=order_by, order=order, function=function):
                        named = {"FunctionName": function} if function else {}
                        self.check(expected(order_by, order, function=function), OrderBy=order_by, Order=order, **named)

    def test_asc_is_the_exact_reverse_of_desc(self):
        for order_by in fixture.KEYS:
            up, down = (sdk.rows(self.ask(OrderBy=order_by, Order=order)) for order in ("asc", "desc"))
            self.assertEqual(up, down[::-1], order_by)

    def test_equal_keys_come_in_the_order_of_acceptance(self):
        for order_by in fixture.KEYS:
            answer = self.ask(OrderBy=order_by, Order="asc", FunctionName="thumbnail")
            texts = "".join(row["Log"] for row in sdk.rows(answer))
            self.assertEqual(re.findall(r"equal run (\d)", texts), ["0", "1", "2"], order_by)

    def test_order_is_read_in_any_case_and_defaults_to_the_newest_first(self):
        self.check(expected(order="asc"), Order="ASC")
        self.check(expected(), Order="Desc")
        self.check(expected())

    def test_the_default_page_is_twenty_rows(self):
        answer = sdk.logs(self.client)
        self.assertEqual(sdk.rows(answer), expected()[:20])
        self.assertEqual(answer.TotalCount, len(expected()))

    def test_pages_of_any_size_join_to_the_whole(self):
        for order_by in fixture.KEYS:
            whole = expected(order_by)
            for size in (1, 7, 20, 1000):
                pages = []
                for offset in range(0, len(whole) + 1, size):
                    answer = self.ask(OrderBy=order_by, Offset=offset, Limit=size)
                    self.assertEqual(answer.TotalCount, len(whole))
                    pages += sdk.rows(answer)
                self.assertEqual(pages, whole, f"pages of {size} by {order_by}")

    def test_limit_zero_asks_for_the_total_only(self):
        answer = self.ask(Limit=0)
        self.assertEqual((answer.TotalCount, answer.Data), (len(expected()), []))

    def test_the_last_legal_page(self):
        answer = self.ask(Offset=9990, Limit=10)
        self.assertEqual((answer.TotalCount, answer.Data), (len(expected()), []))

    def test_ret_code_classes(self):
        sizes = {"is0": 42, "not0": 11, "TimeLimitExceeded": 2, "ResourceLimitExceeded": 2, "UserCodeException": 4}
        for ret_code, size in sizes.items():
            with self.subTest(ret_code=ret_code):
                want = expected(ret_code=ret_code)
                self.assertEqual(len(want), size)
                self.check(want, Filter={"RetCode": ret_code})

    def test_a_run_in_flight_is_listed_and_is_neither_ok_nor_failed(self):
        running = [row for row in sdk.rows(self.ask()) if row["RetCode"] == fixture.RUNNING]
        self.assertEqual([(row["FunctionName"], row["InvokeFinished"]) for row in running], [("thumbnail", 0)])

    def test_qualifier(self):
        for qualifier in ("$LATEST", "1", "2", "stable"):
            self.check(expected(qualifier=qualifier), Qualifier=qualifier)
        self.check([], Qualifier="no-such-version")

    def test_namespaces_are_apart_even_for_functions_of_one_name(self):
        self.check(expected(namespace="prod"), Namespace="prod")
        self.check(expected(namespace="prod", function="order-sync"), Namespace="prod", FunctionName="order-sync")
        self.check(expected(function="order-sync"), FunctionName="order-sync")

    def test_regions_are_apart(self):
        answer = sdk.logs(sdk.client(region="ap-shanghai"), FunctionName="thumbnail")
        self.assertEqual(sdk.rows(answer), expected(region="ap-shanghai"))
        self.assertEqual(answer.TotalCount, 1)

    def test_a_request_id_needs_no_window(self):
        for run in fixture.RUNS[:3] + fixture.RUNS[-2:]:
            want = expected(request_id=run["RequestId"], window=None)
            self.assertEqual(len(want), 1)
            self.check(want, window=None, FunctionName=run["FunctionName"], FunctionRequestId=run["RequestId"])
            self.check(want, window=None, FunctionRequestId=run["RequestId"])
        self.check([], window=None, FunctionRequestId="00000000-0000-4000-8000-000000000000")

    def test_both_attempts_of_a_retried_run(self):
        retried = next(run["RequestId"] for run in fixture.RUNS if run["RetryNum"] == 1)
        want = expected(request_id=retried, window=None, order="asc")
        self.assertEqual([row["RetryNum"] for row in want], [0, 1])
        self.check(want, window=None, Order="asc", FunctionRequestId=retried)

    def test_window_ends_are_inclusive_whole_seconds(self):
        for window in (("2021-06-30 10:00:00", "2021-06-30 10:00:01"), ("2021-06-30 10:00:01", "2021-06-30 10:00:01"),
                       ("2021-06-30 23:59:59", "2021-07-01 00:00:00"), ("2021-06-29 23:59:59", "2021-06-30 00:00:00"),
                       ("2021-06-30 00:00:00", "2021-07-01 00:00:00"), ("2021-06-30 00:00:01", "2021-06-30 00:59:59")):
            with self.subTest(window=window):
                self.check(expected(window=window), window=window)
        self.assertEqual(len(expected(window=("2021-06-30 23:59:59", "2021-07-01 00:00:00"))), 2)

    def test_window_in_other_spellings(self):
        for window in (("2021-06-30T00:00:00", "2021-06-30T23:59:59"),
                       ("2021-06-29T16:00:00Z", "2021-06-30T15:59:59Z"),
                       ("2021-06-30T00:00:00+08:00", "2021-06-30T23:59:59+08:00")):
            with self.subTest(window=window):
                self.check(expected(), window=window)

    def test_keyword_is_a_case_sensitive_substring_of_log_or_message(self):
        for keyword, size in (("Traceback", 3), ("traceback", 0), ("KeyError: '订单-10086'", 3), ("状态", 9),
                              ("timed out", 2), ("Timed out", 0), ("等级", 0), ("超时", 1)):
            with self.subTest(keyword=keyword):
                want = expected(keyword=keyword)
                self.assertEqual(len(want), size)
                self.check(want, SearchContext={"Offset": "", "Limit": 1000, "Keyword": keyword})

    def test_paging_by_search_context(self):
        for order in ("desc", "asc"):
            cursor, pages = "", []
            for _ in range(20):
                context = {"Offset": cursor, "Limit": 9, "Keyword": "RequestId", "Type": "Application"}
                answer = self.ask(Limit=9, Order=order, SearchContext=context)
                pages += sdk.rows(answer)
                cursor = answer.SearchContext.Offset
                if len(answer.Data) < 9 or not cursor:
                    break
            self.assertEqual(pages, expected(order=order, keyword="RequestId"))

    def test_search_context_is_answered_as_given_or_empty(self):
        unused = self.ask().SearchContext
        self.assertEqual((unused.Offset, unused.Limit, unused.Keyword, unused.Type), ("", 0, "", ""))
        context = {"Offset": "", "Limit": 5, "Keyword": "猫.jpg", "Type": "Application"}
        used = self.ask(Limit=5, SearchContext=context).SearchContext
        self.assertEqual((used.Limit, used.Keyword, used.Type), (5, "猫.jpg", "Application"))

    def test_a_batch_delivered_again_is_stored_once(self):
        finished = [run for run in fixture.RUNS if run["RetCode"] != fixture.RUNNING]
        answer = fixture.ingest(finished)
        self.assertEqual((answer["accepted"], answer["duplicates"], answer["refused"]), (0, len(finished), []))
        self.check(expected())
