// GetFunctionLogs and its neighbours through the SDK: order, paging, filters, refusals, other actions.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { DAY, env, expected, KEYS, RUNS } from "./fixture.mjs";
import { client, logs } from "./sdk.mjs";

const sdk = client();
const check = async (want, parameters) => {
  const answer = await logs(sdk, { Limit: 1000, ...parameters });
  assert.deepEqual(answer.Data, want);
  assert.equal(answer.TotalCount, want.length);
};

describe("GetFunctionLogs", () => {
  for (const by of Object.keys(KEYS)) {
    it(`sorts by ${by}, both ways`, async () => {
      for (const order of ["asc", "desc"]) await check(expected({ by, order }), { OrderBy: by, Order: order });
    });

    it(`pages by ${by} join to the whole`, async () => {
      const pages = [];
      for (let offset = 0; offset <= expected().length; offset += 9) {
        pages.push(...(await logs(sdk, { OrderBy: by, Offset: offset, Limit: 9 })).Data);
      }
      assert.deepEqual(pages, expected({ by }));
    });
  }

  it("filters by class of return code", async () => {
    for (const retCode of ["is0", "not0", "TimeLimitExceeded", "ResourceLimitExceeded", "UserCodeException"]) {
      await check(expected({ retCode }), { Filter: { RetCode: retCode } });
    }
  });

  it("filters by version, namespace and function", async () => {
    await check(expected({ qualifier: "2" }), { Qualifier: "2" });
    await check(expected({ namespace: "prod" }), { Namespace: "prod" });
    await check(expected({ name: "nightly-report" }), { FunctionName: "nightly-report" });
  });

  it("finds a run by its id without a window", async () => {
    const requestId = RUNS.at(-1).RequestId;
    const answer = await sdk.GetFunctionLogs({ FunctionName: "APITest", FunctionRequestId: requestId });
    assert.deepEqual(answer.Data, expected({ requestId, all: true }));
    assert.equal(answer.Data[0].StartTime, "2018-06-11 18:46:45");
  });
});

describe("refusals", () => {
  const refused = {
    "LimitExceeded.Offset": { Offset: 9990, Limit: 11 },
    "InvalidParameterValue.Offset": { Offset: -1 },
    "InvalidParameterValue.DateTime": { EndTime: "2021-07-01 00:00:01" },
    "InvalidParameterValue.StartTimeOrEndTime": { EndTime: undefined },
    "InvalidParameterValue.Order": { Order: "acs" },
    "InvalidParameterValue.OrderBy": { OrderBy: "startTime" },
    "InvalidParameterValue.RetCode": { Filter: { RetCode: "is1" } },
    UnknownParameter: { Colour: "red" },
  };
  for (const [code, parameters] of Object.entries(refused)) {
    it(code, () => assert.rejects(logs(sdk, parameters), { code }));
  }

  it("AuthFailure.SecretIdNotFound", () => assert.rejects(
    logs(client({ secretId: "AKIDnobody0000000000000000000000000000" })), { code: "AuthFailure.SecretIdNotFound" }));

  it("UnauthorizedOperation.CAM", async () => {
    const limited = client({ secretId: env("LIMITED_ID"), secretKey: env("LIMITED_KEY") });
    const answer = await logs(limited, { FunctionName: "thumbnail", Limit: 100 });
    assert.deepEqual(answer.Data, expected({ name: "thumbnail" }));
    await assert.rejects(logs(limited, { FunctionName: "order-sync" }), { code: "UnauthorizedOperation.CAM" });
  });

  it("speaks the language asked for", async () => {
    const message = (language) => logs(client({ language }), { Order: "acs" }).catch((error) => error.message);
    assert.match(await message("zh-CN"), /[\u4e00-\u9fff]/);
    for (const language of ["en-US", undefined]) assert.doesNotMatch(await message(language), /[^\x00-\x7f]/);
  });

  it("RequestLimitExceeded after five requests in a second", async () => {
    const rated = client({ endpoint: env("RATED_HTTP") });
    await sleep(1100);
    const answers = await Promise.allSettled(Array.from({ length: 12 }, () => rated.GetFunctionLogs({})));
    const codes = answers.filter(({ status }) => status === "rejected").map(({ reason }) => reason.code);
    assert.ok(codes.length > 0 && codes.length <= 7, `${codes.length} of 12 were refused`);
    assert.deepEqual([...new Set(codes)], ["RequestLimitExceeded"]);
  });
});

describe("other actions", () => {
  it("GetRequestStatus", async () => {
    const run = RUNS.find(({ RetCode }) => RetCode === 433);
    const { Data } = await sdk.GetRequestStatus(
      { FunctionName: run.FunctionName, FunctionRequestId: run.RequestId, ...DAY });
    assert.deepEqual(Data.map(({ RequestId, RetCode, RetMsg }) => [RequestId, RetCode, RetMsg]),
      [[run.RequestId, -1, run.RetMsg]]);
  });

  it("ListFunctions", async () => {
    const { Functions, TotalCount } = await sdk.ListFunctions({});
    assert.deepEqual(Functions.map(({ FunctionName }) => FunctionName).sort(),
      ["APITest", "nightly-report", "order-sync", "thumbnail"]);
    assert.equal(TotalCount, 4);
  });

  it("GetFunction", async () => {
    const { FunctionName, Namespace } = await sdk.GetFunction({ FunctionName: "thumbnail" });
    assert.deepEqual([FunctionName, Namespace], ["thumbnail", "default"]);
  });

  it("ListNamespaces", async () => {
    const { Namespaces } = await sdk.ListNamespaces({});
    assert.deepEqual(Namespaces.map(({ Name }) => Name).sort(), ["default", "prod"]);
  });

  it("ListVersionByFunction", async () => {
    const { Versions } = await sdk.ListVersionByFunction({ FunctionName: "thumbnail" });
    assert.deepEqual(Versions.map(({ Version }) => Version).sort(), ["$LATEST", "1", "2"]);
  });
});
