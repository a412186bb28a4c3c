import { describe, expect, it } from "vitest";

import { asText, prepare, type Signing } from "../call/prepare.ts";
import { tables } from "../fixture.ts";
import { readState } from "../state.ts";
import { firstDifference, readSteps } from "./compare.ts";
import { readPasted, shellWords, type PastedRequest } from "./paste.ts";

const SECRET = "labSecretKeyEXAMPLE00000000000000";
const SIGNING: Signing = {
  version: "2018-04-16",
  product: "scf",
  host: "127.0.0.1:9160",
  secretId: "AKIDlab",
  secretKey: SECRET,
  timestamp: 1795478183,
  nonce: 11886,
  language: "zh-CN",
};
const state = (query: string) => readState(tables, { query: new URLSearchParams(query) })!;
const QUERY = "Action=GetFunctionLogs&FunctionName=中文 a'b&Limit=5&SearchContext.Keyword=a%26b+c";

function request(text: string): PastedRequest {
  const pasted = readPasted(text);
  if (pasted?.kind !== "request") throw new Error("not a request");
  return pasted.request;
}

describe("a pasted request", () => {
  for (const scheme of ["TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"]) {
    for (const method of ["POST", "GET"]) {
      it(`that equals the form has every step of it: ${scheme} ${method}`, () => {
        const ours = prepare(state(`${QUERY}&scheme=${scheme}&method=${method}`), SIGNING);
        const reading = readSteps(readPasted(asText(ours, SIGNING.host))!, SECRET);
        expect(reading.scheme).toBe(scheme);
        expect(reading.timestamp).toBe(SIGNING.timestamp);
        expect(reading.steps.get("signature")).toBe(reading.expected);
        expect(firstDifference(ours.steps, reading.steps)).toBeUndefined();
        expect(reading.steps.size).toBeGreaterThan(3);
      });
    }
  }

  it("is compared step by step", () => {
    const ours = prepare(state(QUERY), SIGNING);
    const other = asText(ours, SIGNING.host).replace("Host: 127.0.0.1:9160", "Host: 127.0.0.1");
    const reading = readSteps(readPasted(other)!, SECRET);
    expect(firstDifference(ours.steps, reading.steps)).toEqual({
      step: "canonical_request",
      at: 52,
      line: 5,
      column: 15,
    });
    expect(reading.steps.get("signature")).not.toBe(reading.expected);
    const spaced = readSteps(readPasted(asText(ours, SIGNING.host).replace('"Limit":5', '"Limit": 5'))!, SECRET);
    expect(firstDifference(ours.steps, spaced.steps)?.step).toBe("payload");
  });

  it("may be a text of one's own code", () => {
    const ours = prepare(state(QUERY), SIGNING);
    const value = (id: string) => ours.steps.find((step) => step.id === id)?.value ?? "";
    for (const id of ["canonical_request", "string_to_sign"]) {
      expect(readPasted(value(id))).toEqual({ kind: "step", step: id, text: value(id) });
    }
    expect(readSteps(readPasted(value("string_to_sign"))!, "").timestamp).toBe(SIGNING.timestamp);
    const v1 = prepare(state(`${QUERY}&scheme=HmacSHA1`), SIGNING).steps[1]?.value ?? "";
    expect(readSteps(readPasted(v1)!, "")).toMatchObject({
      scheme: "HmacSHA1",
      timestamp: SIGNING.timestamp,
      nonce: 11886,
    });
  });

  it("that is no request is not read", () => {
    for (const text of ["", "hello", "{}", "GET", "curl"]) expect(readPasted(text), text).toBeUndefined();
  });
});

describe("curl", () => {
  it("is split as a shell does", () => {
    expect(shellWords(`a 'b c' "d \\"e\\" $x" f\\ g \\\n  h $'i\\n\\u4e2d' ''`)).toEqual([
      "a",
      "b c",
      'd "e" $x',
      "f g",
      "h",
      "i\n中",
      "",
    ]);
    expect(shellWords(`'it'\\''s'`)).toEqual(["it's"]);
  });

  it("gives method, headers and body", () => {
    const text = `$ curl -sS 'http://127.0.0.1:9160/' \\\n -H 'X-TC-Action: GetFunctionLogs' -HContent-Type:application/json --data-raw '{"a":"it'\\''s"}'`;
    expect(request(text)).toEqual({
      method: "POST",
      path: "/",
      query: "",
      headers: [
        ["X-TC-Action", "GetFunctionLogs"],
        ["Content-Type", "application/json"],
        ["Host", "127.0.0.1:9160"],
      ],
      body: `{"a":"it's"}`,
    });
    expect(request("curl -G --data-urlencode 'a=b c' 127.0.0.1:9160")).toMatchObject({
      method: "GET",
      query: "a=b%20c",
      body: "",
    });
  });
});
