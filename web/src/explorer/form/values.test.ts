import { describe, expect, it } from "vitest";

import { check } from "./check.ts";
import { entries, filled, fromJson, toJson, withoutEntry } from "./values.ts";
import { tables } from "../fixture.ts";

const action = (name: string) => tables.actions.find((one) => one.name === name)!;
const logs = action("GetFunctionLogs");
const codes = (values: Record<string, string>, of = logs) =>
  check(of, values, "+08:00").map(({ path, code }) => `${path} ${code}`);

describe("values", () => {
  it("become the body that the API takes", () => {
    const values = { FunctionName: "a", Limit: "5", "Filter.RetCode": "not0", "SearchContext.Keyword": "", Order: "" };
    expect(toJson(logs.params, values)).toEqual({ FunctionName: "a", Limit: 5, Filter: { RetCode: "not0" } });
    expect(filled(logs.params, { ...values, Nothing: "x" })).toEqual({
      FunctionName: "a",
      Limit: "5",
      "Filter.RetCode": "not0",
    });
  });

  it("keep a number that is too large for JavaScript as text", () => {
    expect(toJson(logs.params, { Offset: "9007199254740993" })).toEqual({ Offset: "9007199254740993" });
    expect(toJson(logs.params, { Offset: "1e3" })).toEqual({ Offset: "1e3" });
  });

  it("hold lists", () => {
    const list = action("ListNamespaces");
    const values = fromJson({
      SearchKey: [
        { Key: "Namespace", Value: "a" },
        { Key: "Namespace", Value: "b" },
      ],
    });
    expect(entries("SearchKey", values)).toBe(2);
    expect(toJson(list.params, withoutEntry("SearchKey", 0, values))).toEqual({
      SearchKey: [{ Key: "Namespace", Value: "b" }],
    });
  });

  it("come back from every sample request", () => {
    for (const { params, sample_request } of tables.actions) {
      expect(toJson(params, fromJson(sample_request))).toEqual(sample_request);
    }
  });
});

describe("check", () => {
  it("has nothing against the samples", () => {
    for (const one of tables.actions) expect(codes(fromJson(one.sample_request), one), one.name).toEqual([]);
  });

  it("says what the server would refuse", () => {
    expect(codes({}, action("GetRequestStatus"))).toEqual([
      "FunctionName MissingParameter",
      "FunctionRequestId MissingParameter",
    ]);
    expect(codes({ Offset: "-1" })).toEqual(["Offset InvalidParameterValue.Offset"]);
    expect(codes({ Limit: "x" })).toEqual(["Limit InvalidParameter"]);
    expect(codes({ Offset: "9990" })).toEqual(["Offset LimitExceeded.Offset"]);
    expect(codes({ Order: "DESC" })).toEqual([]);
    expect(codes({ Order: "down" })).toEqual(["Order InvalidParameterValue.Order"]);
    expect(codes({ OrderBy: "DURATION" })).toEqual(["OrderBy InvalidParameterValue.OrderBy"]);
    expect(codes({ "Filter.RetCode": "no" })).toEqual(["Filter.RetCode InvalidParameterValue.RetCode"]);
    expect(codes({ StartTime: "2026-07-01 00:00:00" })).toEqual(["EndTime InvalidParameterValue.StartTimeOrEndTime"]);
    expect(codes({ FunctionName: "名".repeat(100) })).toEqual(["FunctionName InvalidParameterValue"]);
  });

  it("measures the window", () => {
    const ends = (StartTime: string, EndTime: string) => codes({ StartTime, EndTime });
    expect(ends("2026-07-01 00:00:00", "2026-07-02 00:00:00")).toEqual([]);
    expect(ends("2026-07-01 00:00:00", "2026-07-02 00:00:01")).toEqual(["EndTime InvalidParameterValue.DateTime"]);
    expect(ends("2026-07-01T00:00:00Z", "2026-07-01 07:59:59")).toEqual(["EndTime InvalidParameterValue.DateTime"]);
    expect(ends("2026-07-01 25:00:00", "2026-07-01 26:00:00")).toHaveLength(2);
  });
});
