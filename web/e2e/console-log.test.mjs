// The output of a run in a real browser: whole, searchable, linkable, harmless.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import "./browser.mjs";
import { captureCopies, firstLine, post, run, signedIn, TAG } from "./console.mjs";

const LINES = 120_000;
const line = (at) =>
  at === 59_999 ? "the planted word" : `filler line ${at + 1}${at % 60 === 0 && at / 60 < 1921 ? " needle" : ""}`;
const LONG = Array.from({ length: LINES }, (_, at) => line(at));
LONG[119_990] = "last needle";
const WIDE = `before\n${"x".repeat(5_000_000)}THE-END\nafter\n`;
/** Short, long, wide, coloured and JSON lines in no order; what of them is shown. */
const MIXED = Array.from({ length: 5000 }, (_, at) => {
  const length = (at * 7919) % 700;
  if (at % 5 === 0) return JSON.stringify({ at, text: "j".repeat(length), list: [at, at + 1] });
  if (at % 5 === 1) return `${at} ${"日志".repeat(length / 4)}`;
  if (at % 5 === 2) return `\u001b[3${at % 8}m${at} ${"c".repeat(length)}\u001b[0m end`;
  if (at % 5 === 3) return `${at}`;
  return `${at} ${"word ".repeat(length / 5)}`;
});
const mixedShown = (at) => MIXED[at].replace(/\u001b\[\d+m/g, "");
const HOSTILE = [
  "<script>globalThis.hacked = 1</script>",
  '<img src=x onerror="globalThis.hacked = 2">',
  "\u001b[31mred\u001b[0m and \u001b]0;title\u0007plain",
  "bidi \u202egnp.exe\u202c NUL \u0000 end",
  "javascript:alert(1) http://example.org/<b>",
  "10 %\r50 %\r100 %",
].join("\n");

before(async () => {
  await post([run("long", "long", { Log: `${LONG.join("\n")}\n`, RetCode: 0 })]);
  await post([run("wide", "wide", { Log: WIDE })]);
  await post([run("mixed", "mixed", { Log: `${MIXED.join("\n")}\n` })]);
  await post([run("hostile", "hostile", { Log: HOSTILE, RetCode: 430, RetMsg: "<b>bad</b> \u202eevil" })]);
});

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

test("a link to line 80,000 lands there, centred and marked, on a cold page, wrapped or not, folded or not", async () => {
  for (const [id, more] of [
    ["long", "?wrap=0"],
    ["long", ""],
    ["mixed", ""],
  ]) {
    const first = id === "long" ? 80_000 : 4000;
    const page = await signedIn(url(id, `${more}#L${first}-L${first + 2}`));
    const row = page.locator(`.log-row[data-line="${first}"]`);
    await row.waitFor();
    assert.match(await row.getAttribute("class"), /is-selected/);
    const selected = page.locator(".log-row.is-selected[data-line]");
    assert.equal(await selected.count(), 3);
    const share = await row.evaluate((one) => {
      const box = one.closest(".log-rows").getBoundingClientRect();
      return (one.getBoundingClientRect().top - box.top) / box.height;
    });
    assert.ok(share > 0.4 && share < 0.6, `${id}${more}: ${share}`);
  }
});

test("lines 10 to 90,000 are copied byte for byte, over plain http", async () => {
  const page = await signedIn(url("long", "#L10-L90000"));
  await page.locator(".log-row.is-selected").first().waitFor();
  assert.equal(await page.evaluate(() => globalThis.isSecureContext), false);
  const copies = await captureCopies(page);
  await page.keyboard.press("c");
  const [text] = await copies(1);
  // Not by `equal`, whose message would be both texts.
  assert.ok(text === `${LONG.slice(9, 90_000).join("\n")}\n`, `${text.length} characters`);
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
});

test("JSON in a line unfolds", async () => {
  await post([run("json", "json", { Log: '2026 INFO {"order":{"id":17,"items":["a","b"]}}\nnext\n' })]);
  const page = await signedIn(url("json"));
  await page.getByTitle("Unfold JSON").click();
  await page.getByText('"id": 17').waitFor();
  await page.getByTitle("Fold JSON").click();
  await page.getByText('"id": 17').waitFor({ state: "detached" });
});

test("5,000 lines of mixed lengths, with JSON unfolded, are drawn once each, and none covers another", async () => {
  const page = await signedIn(url("mixed"));
  await page.locator('.log-row[data-line="1"]').waitFor();
  // Some of the JSON is unfolded: those lines have more rows than others.
  for (const line of [1, 6]) await page.locator(`.log-row[data-line="${line}"] .log-fold`).click();
  await page.locator(".log-row.is-json").first().waitFor();
  const rows = await page.evaluate(async () => {
    const box = document.querySelector(".log-rows");
    const view = box.getBoundingClientRect();
    const whole = box.querySelector(".virtual-track").clientHeight;
    const found = new Map();
    const drawn = () => [...box.querySelectorAll(".log-row")].map((row) => [row, row.getBoundingClientRect()]);
    for (let top = 0; top < whole; top += view.height) {
      box.scrollTop = top;
      const end = Math.min(view.bottom, view.top + whole - box.scrollTop);
      const isCovered = () => {
        const all = drawn();
        return all.length > 0 && all[0][1].top <= view.top && all.at(-1)[1].bottom >= end - 1;
      };
      while (!isCovered()) await new Promise((resolve) => requestAnimationFrame(resolve));
      for (const [row, { top: at, height }] of drawn()) {
        const place = Math.round(at - view.top + box.scrollTop);
        const text = row.querySelector(".log-text").textContent;
        const known = found.get(place);
        const one = [place, height, Number(row.dataset.line ?? 0), text, row.classList.contains("is-json")];
        if (known !== undefined && JSON.stringify(known) !== JSON.stringify(one))
          throw new Error(`two rows at ${place}: ${JSON.stringify([known, one])}`);
        found.set(place, one);
      }
    }
    return { whole, all: [...found.values()].sort((a, b) => a[0] - b[0]) };
  });
  assert.equal(rows.all.length, rows.whole / 20);
  rows.all.forEach(([place, height], at) => assert.deepEqual([place, height], [at * 20, 20]));
  const lines = [];
  for (const [, , line, text, isJson] of rows.all) {
    if (line > 0) {
      assert.equal(line, lines.length + 1);
      lines.push(text);
    } else if (!isJson) lines[lines.length - 1] += text;
  }
  assert.equal(lines.length, MIXED.length);
  lines.forEach((text, at) => assert.equal(text, mixedShown(at), `line ${at + 1}`));
});

test("a step at line 500,000 is as much work as one at line 1,000", async () => {
  // Work, not time: on a busy machine a time says what else it does.
  const log = Array.from({ length: 600_000 }, (_, at) => `line ${at + 1}`).join("\n");
  await post([run("deep", "deep", { Log: `${log}\n` })]);
  const page = await signedIn(url("deep"));
  await page.locator('.log-row[data-line="1"]').waitFor();
  const tools = await page.context().newCDPSession(page);
  await tools.send("Performance.enable");
  const counts = async () => {
    const { metrics } = await tools.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const workAt = async (first) => {
    await page.evaluate((hash) => (location.hash = hash), `#L${first}`);
    await page.locator(`.log-row[data-line="${first}"]`).waitFor();
    const before = await counts();
    const changes = await page.evaluate(async () => {
      const box = document.querySelector(".log-rows");
      let nodes = 0;
      const observer = new MutationObserver((records) => {
        for (const { addedNodes, removedNodes } of records) nodes += addedNodes.length + removedNodes.length;
      });
      observer.observe(box, { childList: true, subtree: true, characterData: true });
      const lastLine = () => box.querySelector(".log-row:last-child").dataset.line;
      for (let step = 0; step < 40; step += 1) {
        const before = lastLine();
        box.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, cancelable: true }));
        if (lastLine() === before) box.scrollTop += 100;
        while (lastLine() === before) await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      observer.disconnect();
      return { nodes, elements: box.querySelectorAll("*").length };
    });
    const after = await counts();
    return { ...changes, layouts: after.LayoutCount - before.LayoutCount };
  };
  const near = await workAt(1000);
  const far = await workAt(500_000);
  for (const name of Object.keys(near))
    assert.ok(far[name] <= near[name] * 1.2, `${name}: ${JSON.stringify({ near, far })}`);
});

test("where the browser does not let a page copy, the text is shown selected", async () => {
  const page = await signedIn(url("mixed", "#L10-L12"));
  await page.locator(".log-row.is-selected").first().waitFor();
  await page.evaluate(() => (document.execCommand = () => false));
  await page.keyboard.press("c");
  const area = page.getByRole("dialog", { name: "Copy" }).getByRole("textbox");
  await area.waitFor();
  const selected = await area.evaluate((one) => one.value.slice(one.selectionStart, one.selectionEnd));
  assert.equal(selected, `${MIXED.slice(9, 12).join("\n")}\n`);
});
