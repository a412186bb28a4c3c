// The output of a run in a real browser: whole, searchable, linkable, harmless.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { start, stop } from "./browser.mjs";
import { captureCopies, firstLine, post, run, signedIn, TAG } from "./console.mjs";

const LINES = 120_000;
const line = (at) =>
  at === 59_999 ? "the planted word" : `filler line ${at + 1}${at % 60 === 0 && at / 60 < 1921 ? " needle" : ""}`;
const LONG = Array.from({ length: LINES }, (_, at) => line(at));
LONG[119_990] = "last needle";
const WIDE = `before\n${"x".repeat(5_000_000)}THE-END\nafter\n`;
const HOSTILE = [
  "<script>globalThis.hacked = 1</script>",
  '<img src=x onerror="globalThis.hacked = 2">',
  "\u001b[31mred\u001b[0m and \u001b]0;title\u0007plain",
  "bidi \u202egnp.exe\u202c NUL \u0000 end",
  "javascript:alert(1) http://example.org/<b>",
  "10 %\r50 %\r100 %",
].join("\n");

before(async () => {
  await start();
  await post([run("long", "long", { Log: `${LONG.join("\n")}\n`, RetCode: 0 })]);
  await post([run("wide", "wide", { Log: WIDE })]);
  await post([run("hostile", "hostile", { Log: HOSTILE, RetCode: 430, RetMsg: "<b>bad</b> \u202eevil" })]);
});
after(stop);

const url = (id, more = "") => `/console/runs/${TAG}-${id}${more}`;
const count = (page) => page.locator(".log-count").innerText();
const isInView = (locator) =>
  locator.evaluate((row) => {
    const box = row.closest(".log-rows").getBoundingClientRect();
    const { top, bottom } = row.getBoundingClientRect();
    return top >= box.top - 1 && bottom <= box.bottom + 1;
  });

test("a word in line 60,000 of 120,000 is found, counted exactly and shown", async () => {
  const page = await signedIn(url("long"));
  await page.locator(".log-row").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("the planted WORD");
  await page.locator("mark.is-current").waitFor();
  assert.equal(await count(page), "1 of 1");
  const row = page.locator(".log-row", { has: page.locator("mark.is-current") });
  assert.equal(await row.getAttribute("data-line"), "60000");
  assert.ok(await isInView(row));
  assert.deepEqual(page.problems, []);
});

test("1,922 matches are counted as 1,922, and the search goes round at the end and says so", async () => {
  const page = await signedIn(url("long", "?find=needle"));
  await page.getByText("1 of 1,922").waitFor();
  await page.keyboard.press("N");
  await page.getByText("1,922 of 1,922").waitFor();
  assert.match(await count(page), /continued from the end/);
  await page.keyboard.press("n");
  await page.getByText("1 of 1,922").waitFor();
  assert.match(await count(page), /continued from the start/);
  await page.keyboard.press("f");
  await page.getByRole("button", { name: "Download matches" }).waitFor();
  assert.ok((await page.locator(".log-row").count()) < 120);
});

test("one G shows the last line wholly, ten times of ten; as many rows are drawn there as at the top", async () => {
  const page = await signedIn(url("long"));
  await page.locator('.log-row[data-line="1"]').waitFor();
  const drawn = await page.locator(".log-row").count();
  for (let round = 0; round < 10; round += 1) {
    await page.keyboard.press("G");
    const last = page.locator(`.log-row[data-line="${LINES}"]`);
    await last.waitFor();
    assert.ok(await isInView(last), `round ${round}`);
    assert.ok(Math.abs((await page.locator(".log-row").count()) - drawn) <= 14);
    await page.keyboard.press("g");
    await page.locator('.log-row[data-line="1"]').waitFor();
  }
});

test("a link to line 80,000 lands there, centred and marked, on a cold page", async () => {
  const page = await signedIn(url("long", "?wrap=0#L80000-L80002"));
  const row = page.locator('.log-row[data-line="80000"]');
  await row.waitFor();
  assert.match(await row.getAttribute("class"), /is-selected/);
  assert.equal(await page.locator(".log-row.is-selected").count(), 3);
  const share = await row.evaluate((one) => {
    const box = one.closest(".log-rows").getBoundingClientRect();
    return (one.getBoundingClientRect().top - box.top) / box.height;
  });
  assert.ok(share > 0.4 && share < 0.6, String(share));
});

test("lines 10 to 90,000 are copied byte for byte, over plain http", async () => {
  const page = await signedIn(url("long", "#L10-L90000"));
  await page.locator(".log-row.is-selected").first().waitFor();
  assert.equal(await page.evaluate(() => globalThis.isSecureContext), false);
  const copies = await captureCopies(page);
  await page.keyboard.press("c");
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const [text] = await copies();
  assert.equal(text, `${LONG.slice(9, 90_000).join("\n")}\n`);
});

test("a line of 5 MB is drawn in parts, and its end is found", async () => {
  const page = await signedIn(url("wide"));
  await page.getByRole("button", { name: /show 64 kB more/ }).waitFor();
  const rows = () => page.locator(".log-rows .virtual-track").evaluate((track) => track.clientHeight / 20);
  const few = await rows();
  await page.getByRole("button", { name: /show 64 kB more/ }).click();
  await page.waitForFunction(
    (least) => document.querySelector(".log-rows .virtual-track").clientHeight / 20 > least,
    few + 100,
  );
  await page.getByLabel("Find in the output").fill("the-end");
  // The match may be wrapped: then each row has a part of it.
  await page.locator("mark.is-current").first().waitFor();
  assert.equal((await page.locator("mark.is-current").allTextContents()).join(""), "THE-END");
  assert.equal(await count(page), "1 of 1");
});

test("the panel of a run loads a screen of its output, not all of it", async () => {
  const page = await signedIn("/console");
  const parts = [];
  page.on("response", (response) => {
    if (/\/api\/v1\/runs\/[^?]*\/log/.test(response.url())) parts.push(Number(response.headers()["content-length"]));
  });
  for (const id of ["long", "wide"]) {
    await page.goto(new URL(`/console/runs?function=${TAG}-${id}&open=${TAG}-${id}`, page.url()).href);
    await page.locator(".panel .log-row").first().waitFor();
    await page.getByText(/64 kB of .* are shown/).waitFor();
  }
  assert.equal(parts.length, 2);
  for (const bytes of parts) assert.ok(bytes > 0 && bytes <= 65_536, String(parts));
});

test("a hostile output shows as text, and nothing of it runs", async () => {
  for (const path of [
    url("hostile"),
    `/console/runs?function=${TAG}-hostile&open=${TAG}-hostile`,
    url("hostile", "?raw=1"),
  ]) {
    const page = await signedIn(path);
    await page.locator(".log-row").first().waitFor();
    const text = await page.locator(".log-rows").innerText();
    assert.match(text, /<script>globalThis\.hacked = 1<\/script>/);
    assert.match(text, /<img src=x onerror=/);
    assert.match(text, /javascript:alert\(1\)/);
    const marks = await page.locator(".log-rows .log-mark").evaluateAll((all) => all.map((mark) => mark.dataset.mark));
    for (const mark of ["RLO", "PDF", "␀"]) assert.ok(marks.includes(mark), `${path}: ${mark} of ${marks}`);
    const links = await page.locator(".log-text a").evaluateAll((all) => all.map((link) => [link.href, link.rel]));
    assert.deepEqual(links, [["http://example.org/", "noreferrer noopener"]]);
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    assert.equal(await page.title().then((title) => title.includes("title")), false);
    assert.deepEqual(page.problems, []);
    await page.context().close();
  }
});

test("colours, overwritten lines and control characters of a terminal", async () => {
  const page = await signedIn(url("hostile"));
  await page.locator(".ansi-1", { hasText: "red" }).waitFor();
  const row = page.locator('.log-row[data-line="6"]');
  assert.equal(await row.locator(".log-text").innerText(), "100 %");
  assert.match(await row.locator(".log-note").getAttribute("data-note"), /overwritten 2 times/);
  await page.getByRole("button", { name: "Raw" }).click();
  await page.locator('.log-mark[data-mark="␛"]').first().waitFor();
});

test("a failed run opens at its last error, and e goes from error to error", async () => {
  const quiet = Array.from({ length: 3000 }, (_, at) =>
    at === 1000 || at === 2000 ? `ERROR number ${at}` : `quiet ${at}`,
  );
  await post([run("errors", "errors", { Log: quiet.join("\n"), RetCode: 1 })]);
  const page = await signedIn(url("errors"));
  await page.locator('.log-row[data-line="2001"]').waitFor();
  await page.keyboard.press("E");
  await page.waitForURL(/#L1001$/);
  await page.locator('.log-row.is-selected[data-line="1001"]').waitFor();
  await page.keyboard.press("e");
  await page.waitForURL(/#L2001$/);
});

test("a run in flight shows what it printed before, grows, and never moves the reader", async () => {
  const StartTime = Date.now();
  const lines = (last) => Array.from({ length: last }, (_, at) => `step ${at + 1}\n`).join("");
  const at = (last, more = {}) =>
    run("flight", "flight", { StartTime, RetCode: 2, RetMsg: "", Log: lines(last), ...more });
  await post([at(5000)]);
  const page = await signedIn(url("flight"));
  await page.locator('.log-row[data-line="5000"]').waitFor();
  await page.keyboard.press("g");
  await page.locator('.log-row[data-line="1"]').waitFor();
  const before = await firstLine(page);
  await post([at(6000)]);
  await page.getByRole("button", { name: /1,000 new lines/ }).waitFor();
  assert.equal(await firstLine(page), before);
  await page.keyboard.press("G");
  await page.locator('.log-row[data-line="6000"]').waitFor();
  await post([at(6100, { RetCode: 0, RetMsg: "done" })]);
  await page.locator(".fact-state.ok").waitFor();
  await page.locator('.log-row[data-line="6100"]').waitFor();
  assert.deepEqual(page.problems, []);
});

test("JSON in a line unfolds", async () => {
  await post([run("json", "json", { Log: '2026 INFO {"order":{"id":17,"items":["a","b"]}}\nnext\n' })]);
  const page = await signedIn(url("json"));
  await page.getByTitle("Unfold JSON").click();
  await page.getByText('"id": 17').waitFor();
  await page.getByTitle("Fold JSON").click();
  await page.getByText('"id": 17').waitFor({ state: "detached" });
});
