// The console in a real browser: signing in, functions, runs, live, comparison, reports, server.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { assertFits, BASE, context, violations, watched } from "./browser.mjs";
import { ask, captureCopies, post, run, signedIn, TAG } from "./console.mjs";

const HOUR_MS = 3_600_000;
const now = Date.now();

before(async () => {
  const runs = [];
  for (let at = 0; at < 1500; at += 1) {
    const isBad = at % 10 === 3;
    const StartTime = now - 2 * HOUR_MS + at * 4000;
    const more = {
      StartTime,
      Duration: 5 + (at % 97) * 10,
      RetCode: isBad ? 430 : 0,
      RetMsg: isBad ? `Error ${at}` : "ok",
    };
    runs.push(run(["orders", "mailer", "thumbs"][at % 3], `r${at}`, more));
  }
  // The slowest failed one, in the middle of all.
  runs.push(
    run("orders", "slowest", { StartTime: now - HOUR_MS, Duration: 99_000, RetCode: 433, RetMsg: "timed out" }),
  );
  await post(runs);
});

const list = (more = "") => `/console/runs?since=3h&keyword=${TAG}${more}`;
const cells = (page, name) => page.locator(`.run-row .cell-${name}`).allInnerTexts();

test("the slowest failed run of a day is found by a filter and a sort", async () => {
  const page = await signedIn(list());
  await page.locator(".run-row").first().waitFor();
  await page.keyboard.press("f");
  await page.waitForURL(/result=failed/);
  await page.locator(".run-head .cell-duration button").click();
  await page.waitForURL(/sort=duration/);
  await page.locator("#row-0", { hasText: "timed out" }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator(".panel", { hasText: "1 m 39 s" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/console/runs/${TAG}-slowest`));
});

test("rows, total, histogram and facets are one answer, in any window", async () => {
  const totals = [];
  for (let round = 0; round < 12; round += 1) {
    const from_ms = now - 2 * HOUR_MS + round * 411_003;
    const to_ms = from_ms + [1000, 7000, 60_001, 1_234_567][round % 4];
    const window = `from=${new Date(from_ms).toISOString()}&to=${new Date(to_ms).toISOString()}&keyword=${TAG}`;
    const page = await signedIn(`/console/runs?${window}`);
    await page.locator(".runs-line strong").waitFor();
    const total = Number((await page.locator(".runs-line strong").innerText()).replace(/\D/g, ""));
    const numbers = (texts) => texts.reduce((sum, text) => sum + Number(text.replace(/\D/g, "")), 0);
    const buckets = numbers(await page.locator(".histogram-frame td").allTextContents());
    const states = numbers(await page.locator(".facets section").first().locator(".num").allInnerTexts());
    assert.deepEqual([buckets, states], [total, total], window);
    const { total: known } = await ask(`/api/v1/runs?${window}&limit=0`);
    assert.equal(total, known);
    totals.push(total);
    if (total > 0 && total < 100)
      assert.equal(await page.locator(".run-table").getAttribute("aria-rowcount"), String(total + 1));
    await page.context().close();
  }
  assert.ok(totals.filter((total) => total > 0).length > 6, String(totals));
});

test("dragging over the histogram zooms, by mouse and by keys, and Back returns", async () => {
  const page = await signedIn(list());
  const chart = page.locator(".histogram");
  await chart.waitFor();
  const box = await chart.boundingBox();
  const total = () => page.locator(".runs-line strong").innerText();
  const before = await total();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  await page.waitForFunction((old) => document.querySelector(".runs-line strong")?.textContent !== old, before);
  await page.goBack();
  await page.waitForFunction((old) => document.querySelector(".runs-line strong")?.textContent === old, before);
  for (const key of ["[", "]", "+", "-"]) {
    const url = page.url();
    await page.keyboard.press(key);
    await page.waitForURL((next) => next.href !== url);
  }
  await chart.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.locator(".histogram-tip").waitFor();
});

test("a list never loads an output, and loading, nothing and filtered nothing are three texts", async () => {
  const page = await signedIn("/console");
  const answers = [];
  page.on("response", async (response) => {
    if (response.url().includes("/api/v1/runs?")) answers.push(await response.text().catch(() => ""));
  });
  // The answer waits until the text for the wait has been seen.
  let letGo;
  const isSeen = new Promise((resolve) => (letGo = resolve));
  await page.route("**/api/v1/runs?**", async (route) => {
    await isSeen;
    await route.continue();
  });
  await page.goto(BASE + list());
  await page.getByText("Loading…").waitFor();
  letGo();
  await page.locator(".run-row").first().waitFor();
  await page.goto(`${BASE}${list("&function=nosuch")}`);
  await page.getByText("No run matches").waitFor();
  await page.getByRole("button", { name: /Without function:nosuch: 1,501 runs/ }).click();
  await page.locator(".run-row").first().waitFor();
  await page.goto(`${BASE}/console/runs?from=2001-01-01T00:00:00Z&to=2001-01-02T00:00:00Z`);
  await page.getByText("No run in this window").waitFor();
  assert.ok(answers.length > 2);
  for (const answer of answers) assert.doesNotMatch(answer, /"Log":/);
});

test("a filter that the server does not have is refused by name", async () => {
  const page = await signedIn(list());
  await page.locator(".run-row").first().waitFor();
  const url = page.url();
  await page.keyboard.press("/");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("duration:>5s");
  await page.keyboard.press("Enter");
  await page.getByText("There is no filter duration:>5s.").waitFor();
  assert.equal(page.url(), url);
});

test("Back returns to the same rows, place and selection; Forward too", async () => {
  const page = await signedIn(list("&result=ok"));
  await page.locator(".run-row").first().waitFor();
  await page.locator(".run-rows").evaluate((rows) => (rows.scrollTop = 28 * 150));
  await page.locator("#row-155").click();
  await page.locator(".panel .log-row").first().waitFor();
  const id = new URL(page.url()).searchParams.get("open");
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/console/runs/${id}`));
  await page.locator(".log-row").first().waitFor();
  await page.goBack();
  await page.locator("#row-155.is-open").waitFor();
  assert.equal(await page.locator(".run-row.is-selected").getAttribute("id"), "row-155");
  assert.ok((await page.locator(".run-rows").evaluate((rows) => rows.scrollTop)) > 28 * 120);
  assert.match(await page.evaluate(() => document.activeElement.className), /run-table/, "the focus");
  await page.goForward();
  await page.waitForURL(new RegExp(`/console/runs/${id}`));
});

test("a URL in a fresh browser shows the same screen", async () => {
  const more = `&result=failed&sort=duration:asc&tz=UTC&function=${TAG}-mailer&namespace=default`;
  const from = new Date(now - 2 * HOUR_MS).toISOString();
  const to = new Date(now - HOUR_MS).toISOString();
  const path = `/console/runs?from=${from}&to=${to}&keyword=Error${more}`;
  const screen = async (page) => {
    await page.locator("#row-3").waitFor();
    const shown = await page.locator("#main").innerText();
    const choices = await page.locator("select").evaluateAll((all) => all.slice(0, 2).map((one) => one.value));
    return [shown, ...choices];
  };
  const first = await screen(await signedIn(path));
  const second = await screen(await signedIn(path));
  assert.deepEqual(second, first);
  assert.match(first[0], /Error/);
});

test("a relative window stays relative after Back; a permanent link is frozen, and gives the same rows", async () => {
  const page = await signedIn(list());
  await page.locator("#row-0").waitFor();
  await page.locator("#row-0").click();
  await page.locator(".panel").waitFor();
  await page.goBack();
  assert.match(page.url(), /since=3h/);
  const copies = await captureCopies(page);
  await page.keyboard.press("y");
  const link = new URL((await copies(1))[0]);
  for (const name of ["from", "to", "as_of"]) assert.ok(link.searchParams.has(name), name);
  const total = await page.locator(".runs-line strong").innerText();
  await post([run("orders", "late", { StartTime: now - HOUR_MS })]);
  await page.goto(link.href);
  await page.locator(".chip.is-pinned").waitFor();
  assert.equal(await page.locator(".runs-line strong").innerText(), total);
});

test("axis, tooltip and table have one zone, whatever the browser's is", async () => {
  const page = await signedIn("/console");
  const profile = await context({ timezoneId: "America/New_York", locale: "en-US" });
  await profile.addCookies(await page.context().cookies());
  const other = await watched(profile);
  // The morning when New York's clocks go forward.
  const start_ms = Date.UTC(2026, 2, 8, 6, 30);
  const name = `${TAG}-dst`;
  await post([0, 1, 2].map((at) => run("dst", `dst${at}`, { StartTime: start_ms + at * 1_800_000 })));
  const window = `from=2026-03-08T06:00:00Z&to=2026-03-08T08:30:00Z&function=${name}`;
  for (const [tz, times] of [
    ["Asia/Kolkata", ["12:00:00.000", "12:30:00.000", "13:00:00.000"]],
    ["browser", ["01:30:00.000", "03:00:00.000", "03:30:00.000"]],
    ["UTC", ["06:30:00.000", "07:00:00.000", "07:30:00.000"]],
  ]) {
    await other.goto(`${BASE}/console/runs?${window}&sort=start_time:asc&tz=${tz}`);
    await other.locator("#row-2").waitFor();
    const shown = (await cells(other, "start")).map((text) => text.trim().split(" ").at(-1));
    assert.deepEqual(shown, times, tz);
    const axis = await other.locator(".histogram-text").first().textContent();
    const table = await other.locator(".histogram-frame tbody th").first().textContent();
    const first = { "Asia/Kolkata": "03-08 11:30", browser: "03-08 01:00", UTC: "03-08 06:00" }[tz];
    assert.equal(axis, first, tz);
    assert.ok(table.startsWith(`2026-${first}`), `${tz}: ${table}`);
    await other.locator(".histogram").focus();
    await other.keyboard.press("ArrowRight");
    const tip = await other.locator(".histogram-tip").innerText();
    assert.ok(tip.includes(first), `${tz}: ${tip}`);
    assert.equal(new URL(other.url()).searchParams.get("tz"), tz);
  }
});

test("two runs are compared: fields that differ, and lines without times and numbers", async () => {
  const log = (word, number) => `2026-07-01T08:00:0${number}Z start ${number}\nload ${number} rows\n${word}\nend\n`;
  await post([
    run("cmp", "a", { StartTime: now - 5000, Log: log("fine", 1) }),
    run("cmp", "b", { StartTime: now, Log: log("ERROR broken", 2), RetCode: 1, Duration: 48 }),
  ]);
  const page = await signedIn(`/console/runs/${TAG}-b`);
  await page.getByRole("link", { name: "Compare with last success" }).waitFor();
  await page.keyboard.press("d");
  await page.getByText("lines: −1 +1").waitFor();
  assert.match(await page.locator(".compare-fields").innerText(), /Duration\s+12 ms\s+48 ms\s+\+36 ms/);
  await page.getByLabel("Ignore times").uncheck();
  await page.getByLabel("Ignore ids and numbers").uncheck();
  await page.getByText("lines: −3 +3").waitFor();
});

test("every view is accessible, fits a phone and keeps the policy, in both themes and languages", async () => {
  const a = encodeURIComponent(`${TAG}-r0`);
  const b = encodeURIComponent(`${TAG}-r3`);
  const views = [
    ["/console", ".functions-row"],
    [list(), ".run-row"],
    [list(`&open=${TAG}-r3`), ".run-row"],
    [`/console/runs/${TAG}-r3`, ".log-row"],
    ["/console/runs?live=1", ".live-bar"],
    [`/console/compare?a=${a}&b=${b}`, ".diff-row"],
    ["/console/compare", ".compare-form"],
    ["/console/reports/memory", ".report-cli"],
    ["/console/reports/cold", ".report-cli"],
    ["/console/reports/cost", ".report-cli"],
    ["/console/reports/slow", ".report-cli"],
    ["/console/reports/compare", ".report-options"],
    ["/console/server", ".server-facts"],
    [list("&function=nosuch"), ".state-title"],
    ["/console/nowhere", ".state"],
  ];
  for (const options of [{}, { dark: true, zh: true }, { width: 390 }, { dark: true, zh: true, width: 390 }]) {
    const page = await signedIn("/console", options);
    for (const [path, what] of views) {
      await page.goto(BASE + path);
      await page.locator(what).first().waitFor();
      assert.deepEqual(await violations(page), [], `${path} ${JSON.stringify(options)}`);
      await assertFits(page);
    }
    await page.context().close();
  }
});
