// The API Explorer in a real browser, against a real server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE, open, SECRET_ID, SECRET_KEY, violations } from "./browser.mjs";

const TABS = ["call", "signature", "doctor", "code", "documentation", "errors", "mock", "limits"];

const HOSTILE_QUERY = "Action=GetFunctionLogs&Limit=2&Filter.RetCode=not0&SearchContext.Keyword=%27a%26b+%E4%B8%AD";

async function giveKey(page, secretKey = SECRET_KEY) {
  await page.getByLabel("SecretId").fill(SECRET_ID);
  await page.getByLabel("SecretKey").fill(secretKey);
}

async function send(page) {
  // An answer from before must not be taken for the new one.
  await page.evaluate(() => document.querySelector(".answer .note")?.classList.add("old"));
  await page.getByRole("button", { name: "Send", exact: true }).click();
  return page.locator(".answer .note:not(.old)").innerText();
}

const explorer = async (query, options) => {
  const page = await open(`/explorer?${query}`, options);
  await page.locator("#main .form").waitFor({ state: "attached" });
  return page;
};

test("calls signed in the browser are accepted, over plain http by a name of the network", async () => {
  for (const scheme of ["TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"]) {
    for (const method of ["POST", "GET"]) {
      const page = await explorer(`${HOSTILE_QUERY}&scheme=${scheme}&method=${method}`);
      assert.equal(await page.evaluate(() => globalThis.isSecureContext), false);
      await giveKey(page);
      const summary = await send(page);
      assert.match(summary, /Success/, `${scheme} ${method}: ${summary}`);
      await page.context().close();
    }
  }
});

test("a call that is changed on its way, or signed with another secret, is refused", async () => {
  for (const scheme of ["TC3-HMAC-SHA256", "HmacSHA256"]) {
    const page = await explorer(`Action=GetFunctionLogs&Limit=2&scheme=${scheme}`);
    await giveKey(page, `${SECRET_KEY}x`);
    assert.match(await send(page), /AuthFailure\.SignatureFailure/);
    await giveKey(page);
    await page.route(`${BASE}/`, (route) =>
      route.continue({
        postData: route
          .request()
          .postData()
          .replace(/(Limit"?[:=])2/, "$13"),
      }),
    );
    assert.match(await send(page), /AuthFailure\.SignatureFailure/);
    await page.context().close();
  }
});

test("the quick search opens by a key, finds a parameter, and is silent while typing", async () => {
  const page = await explorer("Action=ListFunctions");
  await page.locator("#input-SearchKey").press("/");
  assert.equal(await page.locator("#input-SearchKey").inputValue(), "/");
  assert.equal(await page.locator("dialog").count(), 0);
  await page.locator("h1").click();
  await page.keyboard.press("/");
  await page.keyboard.type("日志关键词");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.id === "input-SearchContext.Keyword");
  assert.equal(new URL(page.url()).searchParams.get("Action"), "GetFunctionLogs");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("SignatureExpire");
  await page.keyboard.press("Enter");
  await page.getByText("AuthFailure.SignatureExpire").waitFor();
  await page.goBack();
  assert.equal(new URL(page.url()).searchParams.get("tab"), null);
});

test("the whole form is in the URL, and no secret", async () => {
  const page = await explorer("Product=scf&Version=2018-04-16&Action=GetFunctionLogs");
  await giveKey(page);
  await page.getByLabel("Keep for this tab").check();
  await page.locator("#input-FunctionName").fill('it\'s 中文 & "x"');
  await page.locator("#field-Order").getByRole("button", { name: "asc", exact: true }).click();
  await page.getByRole("button", { name: "Yesterday" }).click();
  await page.getByRole("tab", { name: "Code" }).click();
  await page.getByRole("button", { name: "Rust" }).click();
  await page.waitForURL(/code=rust/);
  const url = page.url();
  assert.ok(!url.includes(SECRET_ID) && !url.includes(encodeURIComponent(SECRET_KEY)), url);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.ok(!kept.includes(SECRET_KEY), "a secret in lasting storage");

  const fresh = await open(url.slice(BASE.length));
  await fresh.locator(".code-view").first().waitFor();
  const values = (one) => one.locator(".form input").evaluateAll((inputs) => inputs.map((input) => input.value));
  assert.deepEqual(await values(fresh), await values(page));
  assert.equal(
    await fresh.locator(".code-view pre").first().innerText(),
    await page.locator(".code-view pre").first().innerText(),
  );

  await page.reload();
  await page.getByRole("tab", { name: "Call", exact: true }).click();
  assert.equal(await page.getByLabel("SecretKey").inputValue(), SECRET_KEY, "kept for the tab, as was asked");
});

test("a key that is held down loses no letter", async () => {
  const page = await explorer("Action=GetFunctionLogs");
  await page.locator("#input-FunctionName").focus();
  await page.keyboard.down("a");
  for (let n = 1; n < 500; n += 1) await page.keyboard.down("a");
  await page.keyboard.up("a");
  assert.equal(await page.locator("#input-FunctionName").inputValue(), "a".repeat(500));
  await page.waitForURL(/FunctionName=a{500}(?:&|$)/);
  await page.reload();
  assert.equal(await page.locator("#input-FunctionName").inputValue(), "a".repeat(500));
});

test("wrong input is told before it is sent", async () => {
  const page = await explorer("Action=GetRequestStatus&required=1");
  await giveKey(page);
  assert.equal(await page.locator(".form .field").count(), 3, "region and the two required parameters");
  let sent = 0;
  page.on("request", (request) => (sent += request.headers()["x-tc-action"] === undefined ? 0 : 1));
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("2 to correct").waitFor();
  assert.equal(sent, 0);
  await page.getByRole("button", { name: "Send anyway" }).click();
  await page.getByText("MissingParameter").first().waitFor();
  assert.equal(sent, 1);
});

test("the form is filled from a person's own runs", async () => {
  const page = await explorer("Action=GetRequestStatus");
  await giveKey(page);
  await page.getByRole("button", { name: "Fill from my data" }).click();
  await page.waitForFunction(() => document.querySelector("#input-FunctionRequestId").value !== "");
  assert.match(await send(page), /1 of 1 rows/);
});

test("a pasted request is compared step by step, and the first difference marked", async () => {
  const page = await explorer("Action=GetFunctionLogs&Limit=2");
  await giveKey(page);
  await send(page);
  await page.getByRole("button", { name: "Request", exact: true }).click();
  await page.locator(".answer-bar").getByRole("button", { name: "Copy" }).click();
  await page.getByRole("tab", { name: "Signature" }).click();
  const paste = page.getByLabel("Paste your request to compare");
  await paste.focus();
  await page.keyboard.press("Control+v");
  const sent = await paste.inputValue();
  await page.getByText("Every step is the same.").waitFor();
  await page.getByText("the signature in the request is right").waitFor();
  await paste.fill(sent.replace('"Limit":2', '"Limit": 2'));
  await page.getByText("First difference: Body, RequestPayload, line 1, column 10").waitFor();
  assert.deepEqual(await page.locator("mark.difference").allInnerTexts(), ["2", "␣"]);
  await page.getByText("the signature in the request is wrong").waitFor();
});

test("an answer of 10 MB is drawn by the rows in view, and found in to its end", async () => {
  const page = await explorer("Action=GetFunctionLogs");
  await giveKey(page);
  const line = "x".repeat(990);
  const text = JSON.stringify({
    Response: {
      TotalCount: 10_000,
      Data: Array.from({ length: 10_000 }, (_, n) => ({ Log: `needle ${n} ${line}` })),
      RequestId: "r",
    },
  });
  await page.route(`${BASE}/`, (route) => route.fulfill({ contentType: "application/json", body: text }));
  assert.match(await send(page), /10000 of 10000 rows/);
  await page.getByLabel("Find in the answer").fill("needle");
  await page.getByText("1 of 10000").waitFor();
  await page.getByLabel("Find in the answer").press("Shift+Enter");
  await page.getByText("10000 of 10000", { exact: true }).waitFor();
  await page.locator(".big-text-row", { hasText: "needle 9999" }).waitFor();
  assert.ok((await page.locator(".big-text-row").count()) < 200);
});

test("a hostile answer is text", async () => {
  const page = await explorer("Action=GetFunctionLogs");
  await giveKey(page);
  const hostile = `<img src=x onerror=alert(1)><script>alert(2)</script>\u202egnp.exe\u0000\u001b[31m`;
  const body = JSON.stringify({ Response: { Error: { Code: hostile, Message: hostile }, RequestId: hostile } });
  await page.route(`${BASE}/`, (route) =>
    route.fulfill({ contentType: "application/json", headers: { "X-Evil": "<script>alert(3)</script>" }, body }),
  );
  assert.ok((await send(page)).includes("<script>alert(2)</script>"));
  assert.equal(await page.locator("#main img, #main script").count(), 0);
  assert.ok((await page.locator(".big-text-all").innerText()).includes("U+202E"));
  await page.getByRole("button", { name: "Headers", exact: true }).click();
  await page.locator(".big-text-row", { hasText: "<script>alert(3)</script>" }).waitFor();
});

test("copying works without the clipboard of secure pages", async () => {
  const page = await explorer("Action=GetFunctionLogs&tab=code&code=curl");
  await page.locator(".code-view").first().getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  await page.locator("#input-FunctionName").focus();
  await page.keyboard.press("Control+v");
  // A field of one line takes the text without its line ends.
  assert.match(await page.locator("#input-FunctionName").inputValue(), /^#!\/bin\/sh/);
});

test("the history refills the form and compares two answers", async () => {
  const page = await explorer("Action=GetFunctionLogs&Limit=1");
  await giveKey(page);
  await send(page);
  await page.locator("#input-Limit").fill("2");
  await send(page);
  await page.getByRole("checkbox", { name: "Select call 1 to compare" }).check();
  await page.getByRole("checkbox", { name: "Select call 2 to compare" }).check();
  await page.getByRole("button", { name: "Compare the two selected" }).click();
  await page.locator(".diff-plus").first().waitFor();
  await page.getByRole("button", { name: "Refill" }).last().click();
  await page.waitForFunction(() => document.querySelector("#input-Limit").value === "1");
  await page.reload();
  await page.getByRole("button", { name: "Refill" }).first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Show" }).first().isDisabled(), true, "answers are not kept");
});

test("the doctor's findings and a policy's decision are shown as the server gives them", async () => {
  const page = await explorer("Action=GetFunctionLogs");
  await giveKey(page, `${SECRET_KEY}x`);
  await send(page);
  const finding = {
    kind: "secret_key",
    expected: "",
    found: "<b>x</b>",
    is_proven: true,
    text: { zh: "密钥不对。", en: "The secret is another one; see `runlog keys list`." },
  };
  let asked;
  await page.route("**/api/v1/doctor", (route) => {
    asked = route.request();
    return route.fulfill({
      json: {
        scheme: "TC3-HMAC-SHA256",
        steps: [{ name: "canonical request", expected: "POST", sent: "GET" }],
        findings: [finding],
      },
    });
  });
  await page.getByRole("button", { name: "Ask the doctor" }).click();
  await page.getByText("The secret is another one").waitFor();
  assert.match(asked.postDataJSON().request_id, /^[0-9a-f-]{36}$/);
  assert.equal(asked.headers()["x-runlog-session"], "1");
  await page.getByText("<b>x</b>", { exact: true }).waitFor();

  const statement = { effect: "deny", action: ["scf:*"], resource: "*" };
  await page.route("**/api/v1/allowed?*", (route) =>
    route.fulfill({ json: { allowed: false, resource: "*", statement } }),
  );
  await page.getByRole("tab", { name: "Limits" }).click();
  await page.getByRole("button", { name: "May this key call it?" }).click();
  await page.getByText("Not allowed").waitFor();
});

test("language and theme are switched and remembered", async () => {
  const page = await explorer("Action=GetFunctionLogs");
  await page.getByRole("button", { name: "中文" }).click();
  await page.getByRole("heading", { name: "参数" }).waitFor();
  await page.getByLabel("主题").selectOption("dark");
  await page.reload();
  await page.getByRole("heading", { name: "参数" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
});

test("no serious fault of accessibility, in both themes; nothing wider than a phone", async () => {
  for (const dark of [false, true]) {
    for (const tab of TABS) {
      const page = await explorer(`Action=ListNamespaces&SearchKey.0.Key=Namespace&SearchKey.0.Value=a&tab=${tab}`, {
        dark,
      });
      await page.locator("#tab-panel > *").first().waitFor();
      assert.deepEqual(await violations(page), [], `${tab}, dark: ${dark}`);
      await page.setViewportSize({ width: 390, height: 844 });
      for (const pane of [0, 1]) {
        await page.locator(".panes button").nth(pane).click();
        assert.ok(
          (await page.evaluate(() => document.documentElement.scrollWidth)) <= 390,
          `${tab}: wider than 390 pixels`,
        );
      }
      assert.deepEqual(await violations(page), [], `${tab} at 390, dark: ${dark}`);
      await page.context().close();
    }
  }
});
