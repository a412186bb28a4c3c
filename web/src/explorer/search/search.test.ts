import { describe, expect, it } from "vitest";

import { tables } from "../fixture.ts";
import { entriesOf, search } from "./index.ts";

const entries = entriesOf(tables);
const found = (text: string): string[] => search(entries, text).map((one) => `${one.kind} ${one.target}`);

describe("the quick search", () => {
  it("finds actions by name and by title in both languages", () => {
    expect(found("getfunctionlogs")[0]).toBe("action GetFunctionLogs");
    expect(found("运行日志")[0]).toBe("action GetFunctionLogs");
    expect(found("list namespaces")).toContain("action ListNamespaces");
    expect(found("")).toHaveLength(tables.actions.length);
  });

  it("finds parameters, their values and their texts", () => {
    expect(found("retcode")).toContain("param Filter.RetCode");
    expect(found("TimeLimitExceeded")).toContain("param Filter.RetCode");
    expect(found("关键词")).toContain("param SearchContext.Keyword");
  });

  it("finds error codes by code and meaning", () => {
    expect(found("SignatureExpire")[0]).toBe("error AuthFailure.SignatureExpire");
    expect(found("签名 过期")).toContain("error AuthFailure.SignatureExpire");
    expect(found("no such thing at all")).toEqual([]);
  });
});
