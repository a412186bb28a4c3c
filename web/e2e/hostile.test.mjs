// What a program may print to deceive or to run: it shows as text on every view that shows it. That no policy is
// broken, no dialog opens and no error is thrown is checked after each test, see `browser.mjs`.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { open, SECRET_ID, SECRET_KEY } from "./browser.mjs";
import { post, run, signedIn, TAG } from "./console.mjs";

const SCRIPT = "<script>globalThis.hacked = 1</script>";
const IMAGE = '<img src=x onerror="globalThis.hacked = 2">';
const HOSTILE = [
  SCRIPT,
  IMAGE,
  "\u001b[31mred\u001b[0m and \u001b]0;title\u0007plain",
  "bidi \u202egnp.exe\u202c NUL \u0000 end",
  "javascript:alert(1) http://example.org/<b>",
  "10 %\r50 %\r100 %",
].join("\n");
const MESSAGE = `${SCRIPT}${IMAGE}\u202egnp.exe\u0000\u001b[31mred`;
const name = `${TAG}-hostile`;

before(() =>
  post([
    run("hostile", "calm", { Log: "all is well\n", StartTime: Date.now() - 120_000 }),
    run("hostile", "hostile", { Log: HOSTILE, RetCode: 430, RetMsg: MESSAGE }),
    run("hostile", "wide", { Log: `${MESSAGE}${"x".repeat(5_000_000)}THE-END\n`, StartTime: Date.now() - 90_000 }),
    // A name is a text too.
    { ...run("hostile", "named", { RetCode: 430, RetMsg: MESSAGE }), Qualifier: "<b>1</b>" },
  ]),
);

async function isHarmless(page) {
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
  assert.equal(await page.locator("#main script, #main img, #main b, #main iframe").count(), 0);
  assert.doesNotMatch(await page.title(), /title/);
}

const marks = (locator) => locator.locator("[data-mark]").evaluateAll((all) => all.map((one) => one.dataset.mark));

for (const [view, path] of [
  ["the run", `/console/runs/${TAG}-hostile`],
  ["the run, raw", `/console/runs/${TAG}-hostile?raw=1`],
  ["the panel", `/console/runs?function=${name}&open=${TAG}-hostile`],
]) {
  test(`a hostile output shows as text in ${view}`, async () => {
    const page = await signedIn(path);
    await page.locator(".log-row").first().waitFor();
    const text = await page.locator(".log-rows").innerText();
    assert.ok(text.includes(SCRIPT) && text.includes(IMAGE) && text.includes("javascript:alert(1)"), text);
    const shown = await marks(page.locator(".log-rows"));
    for (const mark of ["RLO", "PDF", "␀"]) assert.ok(shown.includes(mark), `${mark} of ${shown}`);
    const links = await page.locator(".log-text a").evaluateAll((all) => all.map((link) => [link.href, link.rel]));
    assert.deepEqual(links, [["http://example.org/", "noreferrer noopener"]]);
    await isHarmless(page);
  });
}

test("a hostile message shows as text in the list, the functions and the JSON of a run", async () => {
  for (const [path, what] of [
    [`/console/runs?function=${name}&result=failed`, ".run-row .cell-message"],
    [`/console?q=${name}`, ".functions-why"],
    [`/console/runs/${TAG}-hostile`, ".panel-why"],
  ]) {
    const page = await signedIn(path);
    const one = page.locator(what).first();
    await one.waitFor();
    assert.ok((await one.textContent()).includes(IMAGE), what);
    assert.ok((await marks(one)).includes("RLO"), what);
    await isHarmless(page);
  }
  const page = await signedIn(`/console/runs/${TAG}-hostile`);
  await page.getByRole("button", { name: "JSON" }).click();
  await page.locator(".run-side", { hasText: "globalThis.hacked" }).waitFor();
  await isHarmless(page);
});

test("a hostile message shows as text in the live view, and a hostile name too", async () => {
  const page = await signedIn(`/console/runs?live=1&function=${name}`);
  await page.locator(".live-state.is-live").waitFor();
  await post([run("hostile", "fresh", { Log: HOSTILE, RetCode: 430, RetMsg: MESSAGE, StartTime: Date.now() })]);
  const row = page.locator("#row-0");
  await page.locator("#row-0", { hasText: "globalThis.hacked" }).waitFor();
  assert.ok((await marks(row)).includes("RLO"));
  await page.locator(".run-row", { hasText: "<b>1</b>" }).waitFor();
  await isHarmless(page);
});

test("a hostile output shows as text in a comparison", async () => {
  const page = await signedIn(`/console/compare?a=${TAG}-calm&b=${TAG}-hostile`);
  await page.locator(".diff-row").first().waitFor();
  const text = await page.locator("#main").innerText();
  assert.ok(text.includes(SCRIPT) && text.includes(IMAGE), text);
  assert.ok((await marks(page.locator("#main"))).includes("RLO"));
  await isHarmless(page);
});

test("a line of 5 MB shows in part in the panel, the run and a comparison, and the page goes on", async () => {
  for (const path of [
    `/console/runs/${TAG}-wide`,
    `/console/runs?function=${name}&open=${TAG}-wide`,
    `/console/compare?a=${TAG}-calm&b=${TAG}-wide`,
  ]) {
    const page = await signedIn(path);
    await page.locator(".log-row, .diff-row").first().waitFor();
    await page.locator("#main", { hasText: SCRIPT }).waitFor();
    const drawn = await page.evaluate(() => document.querySelector("#main").innerText.length);
    assert.ok(drawn < 200_000, `${path}: ${drawn} characters are drawn`);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await isHarmless(page);
  }
});

test("a hostile output shows as text in the Explorer", async () => {
  const page = await open(`/explorer?Action=GetFunctionLogs&FunctionName=${name}&Limit=5`);
  await page.getByLabel("SecretId").fill(SECRET_ID);
  await page.getByLabel("SecretKey").fill(SECRET_KEY);
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByLabel("Find in the answer").fill("globalThis.hacked");
  await page.locator(".big-text mark, .big-text-row mark").first().waitFor();
  const text = await page.locator(".answer").innerText();
  assert.ok(text.includes("<script>globalThis.hacked"), text.slice(0, 2000));
  assert.ok(!text.includes("\u202e"), "a character that turns the text round is shown as a mark");
  await isHarmless(page);
});
