// The doctor of the Explorer names what was done wrong to a request, from its text and from its RequestId.

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";

import { BASE, open, SECRET_ID, SECRET_KEY } from "./browser.mjs";
import { tc3, v1 } from "./sign.mjs";

const HOST = new URL(BASE).host;
const BODY = '{"FunctionName": "中文", "Limit": 5}';
const now_s = () => Math.floor(Date.now() / 1000);

/** A POST signed with TC3, where `signed` is signed otherwise than it is sent. */
function post(signed, time_s = now_s()) {
  const right = { id: SECRET_ID, key: SECRET_KEY, host: HOST, body: BODY, time_s };
  const headers = {
    Host: HOST,
    "Content-Type": "application/json",
    "X-TC-Action": "GetFunctionLogs",
    "X-TC-Version": "2018-04-16",
    "X-TC-Timestamp": String(time_s),
    Authorization: tc3({ ...right, ...signed }),
  };
  return { method: "POST", path: "/", headers, body: BODY };
}

function withHeaders(headers) {
  const one = post({});
  return { ...one, headers: { ...one.headers, ...headers } };
}

/** A GET signed with v1. */
function get(change) {
  const fields = {
    Action: "GetFunctionLogs",
    FunctionName: "a b/中",
    Nonce: "7",
    Region: "ap-guangzhou",
    SecretId: SECRET_ID,
    SignatureMethod: "HmacSHA256",
    Timestamp: String(now_s()),
    Version: "2018-04-16",
  };
  const query = v1({ key: SECRET_KEY, host: HOST, fields, hash: "sha256", ...change(fields) });
  return { method: "GET", path: `/?${query}`, headers: { Host: HOST }, body: "" };
}

// What the doctor has to name, the form that the request is given in, and the request.
const FAULTS = [
  ["host", "curl", () => post({ host: "scf.tencentcloudapi.com" })],
  ["path", "raw", () => post({ path: "/index.php" })],
  ["method", "har", () => post({ method: "GET" })],
  ["content_type", "curl", () => post({ type: "application/json; charset=utf-8" })],
  ["body", "raw", () => post({ body: JSON.stringify(JSON.parse(BODY)) })],
  ["timestamp", "har", () => post({ time_s: now_s() + 1 }, now_s())],
  ["secret_key", "curl", () => post({ key: `${SECRET_KEY}\n` })],
  ["key_unknown", "id", () => post({ id: `${SECRET_ID}x` })],
  ["skew", "id", () => post({}, now_s() - 10_000)],
  ["credential_date", "raw", () => post({ date: "2020-01-01" })],
  ["wrong_family", "curl", () => withHeaders({ Authorization: "AWS4-HMAC-SHA256 Credential=x" })],
  ["query", "raw", () => get((fields) => ({ signed: { ...fields, FunctionName: "a%20b%2F%E4%B8%AD" } }))],
  ["algorithm", "id", () => get(() => ({ hash: "sha1" }))],
];

const FORMS = {
  curl: ({ method, path, headers, body }) =>
    `curl -X ${method} 'http://${HOST}${path}'${Object.entries(headers)
      .map(([name, value]) => ` -H '${name}: ${value}'`)
      .join("")} --data-raw '${body}'`,
  raw: ({ method, path, headers, body }) =>
    `${method} ${path} HTTP/1.1\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join("")}\n${body}`,
  har: ({ method, path, headers, body }) =>
    JSON.stringify({
      log: {
        entries: [
          {
            request: {
              method,
              url: `http://${HOST}${path}`,
              headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
              postData: { mimeType: "application/json", text: body },
            },
          },
        ],
      },
    }),
};

/** Sends a request, which must be refused, and answers with the RequestId. */
function refused({ method, path, headers, body }) {
  const { hostname, port } = new URL(process.env.RUNLOG_WEB);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      const { Response } = JSON.parse(Buffer.concat(parts).toString());
      if (Response.Error === undefined) reject(new Error(`accepted: ${JSON.stringify(Response)}`));
      else resolve(Response.RequestId);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

test("the doctor names the planted fault, thirteen kinds, from curl, raw HTTP, HAR and a RequestId", async () => {
  const page = await open("/explorer?Action=GetFunctionLogs&tab=doctor");
  await page.getByLabel("SecretId").fill(SECRET_ID);
  await page.getByLabel("SecretKey").fill(SECRET_KEY);
  for (const [kind, form, make] of FAULTS) {
    const bad = make();
    const id = await refused(bad);
    await page.getByLabel("The failed request").fill(form === "id" ? "" : FORMS[form](bad));
    await page.getByLabel("or its RequestId").fill(form === "id" ? id : "");
    const answer = page.waitForResponse((response) => response.url().endsWith("/api/v1/doctor"));
    await page.getByRole("button", { name: "Diagnose" }).click();
    const { findings } = await (await answer).json();
    assert.equal(findings[0].kind, kind, `${form}: ${JSON.stringify(findings)}`);
    const first = page.locator("#tab-panel article.note").first();
    await first.locator(".mono", { hasText: kind }).first().waitFor();
    const plain = (text) => text.replaceAll("`", "").replace(/\s+/g, " ");
    const shown = plain(await first.innerText());
    assert.ok(shown.includes(plain(findings[0].text.en)), `${kind}: ${shown}`);
    assert.match(shown, /proven/i, kind);
  }
  await page.getByRole("button", { name: "中文" }).click();
  await page.getByText("已证实").first().waitFor();
});
