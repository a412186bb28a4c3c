// Every signature method x request method x scheme: the same questions, the same answers.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { env, expected } from "./fixture.mjs";
import { client, logs } from "./sdk.mjs";

const questions = (options) => {
  const sdk = client(options);

  it("answers every field of every row", async () => {
    const answer = await logs(sdk, { Limit: 100 });
    assert.deepEqual(answer.Data, expected());
    assert.equal(answer.TotalCount, expected().length);
    assert.match(answer.RequestId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it("understands nested parameters", async () => {
    const want = expected({ by: "duration", order: "asc", name: "order-sync", retCode: "not0", keyword: "订单-10086" });
    const answer = await logs(sdk, {
      FunctionName: "order-sync", Namespace: "default", Qualifier: "$LATEST", Order: "asc", OrderBy: "duration",
      Filter: { RetCode: "not0" }, SearchContext: { Offset: "", Limit: 20, Keyword: "订单-10086", Type: "Application" },
    });
    assert.equal(want.length, 3);
    assert.deepEqual(answer.Data, want);
  });

  it("understands characters that a query escapes, or leaves alone", async () => {
    for (const keyword of ["100% <b>&amp;</b> a+b=c 🚀 全角　空格", "'width' of undefined", "缩略图已生成：猫.jpg（160×120）"]) {
      const answer = await logs(sdk, { Limit: 100, SearchContext: { Offset: "", Limit: 100, Keyword: keyword } });
      assert.deepEqual(answer.Data, expected({ keyword }), keyword);
      assert.ok(answer.TotalCount > 0, keyword);
    }
  });

  it("answers a request without parameters", async () => {
    const answer = await sdk.GetFunctionLogs({});
    assert.deepEqual([answer.TotalCount, answer.Data], [0, []]);
  });

  it("rejects with code, message and request id", async () => {
    await assert.rejects(logs(sdk, { FunctionName: "no-such-function" }), (error) => {
      assert.equal(error.code, "ResourceNotFound.FunctionName");
      assert.ok(error.message);
      assert.match(error.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  });

  it("refuses a wrong key", async () => {
    const wrong = client({ ...options, secretKey: `not${env("SECRET_KEY")}` });
    await assert.rejects(logs(wrong), { code: "AuthFailure.SignatureFailure" });
  });
};

for (const sign of ["HmacSHA1", "HmacSHA256", "TC3-HMAC-SHA256"]) {
  for (const method of ["GET", "POST"]) {
    for (const scheme of ["http", "https"]) {
      describe(`${sign} ${method} ${scheme}`, () => questions({ sign, method, scheme }));
    }
  }
}
