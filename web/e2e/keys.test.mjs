// Every key of the console, by what it does: `/ n N j k enter esc e E f g G t [ ] d c y ?`.

import assert from "node:assert/strict";
import { before, test } from "node:test";

import { captureCopies, firstLine, post, run, signedIn, TAG } from "./console.mjs";

const now = Date.now();
const LOG = Array.from({ length: 400 }, (_, at) =>
  at % 100 === 50 ? `ERROR in step ${at}` : `2026-07-01T08:00:${String(at % 60).padStart(2, "0")}Z step ${at}`,
);

before(() =>
  post(
    Array.from({ length: 60 }, (_, at) =>
      run("keys", `k${at}`, {
        StartTime: now - (at + 1) * 60_000,
        RetCode: at % 7 === 3 ? 430 : 0,
        RetMsg: at % 7 === 3 ? "broken" : "ok",
        Log: `${LOG.join("\n")}\n`,
      }),
    ),
  ),
);

const list = `/console/runs?since=3h&function=${TAG}-keys`;
const one = `/console/runs/${TAG}-k10`;

test("in the list: j k enter esc g G e E f / [ ] + - t y", async () => {
  const page = await signedIn(list);
  const press = (key) => page.keyboard.press(key);
  const selected = (row) => page.locator(`#row-${row}.is-selected`).waitFor();
  await page.locator("#row-0").waitFor();
  await press("j");
  await selected(0);
  await press("j");
  await selected(1);
  await press("k");
  await selected(0);
  await press("G");
  await selected(59);
  await press("g");
  await selected(0);
  await press("e");
  await selected(3);
  await press("e");
  await selected(10);
  await press("E");
  await selected(3);
  await press("Enter");
  await page.waitForURL(new RegExp(`open=${TAG}-k3`));
  await page.locator(".panel .log-row").first().waitFor();
  await press("j");
  await page.waitForURL(new RegExp(`open=${TAG}-k4`));
  await press("Escape");
  await page.waitForURL((url) => !url.searchParams.has("open"));
  await press("f");
  await page.waitForURL(/result=failed/);
  await press("f");
  await page.waitForURL((url) => !url.searchParams.has("result"));
  await press("/");
  await page.waitForFunction(() => document.activeElement.matches(".query-input"));
  // Silent while somebody types.
  await page.keyboard.type("fjkG");
  assert.equal(await page.locator(".query-input").inputValue(), "fjkG");
  await press("Escape");
  await page.locator(".query-input").blur();
  for (const key of ["[", "]", "+", "-"]) {
    const before = page.url();
    await press(key);
    await page.waitForURL((next) => next.href !== before);
  }
  const copies = await captureCopies(page);
  await press("y");
  assert.match((await copies(1))[0], /as_of=\d+/);
  await press("t");
  await page.getByRole("dialog", { name: "Time range" }).waitFor();
});

test("in a run: / n N e E f g G j k t c d [ ] enter y esc", async () => {
  const page = await signedIn(list);
  await page.locator("#row-0").waitFor();
  await page.locator("#row-10").click();
  await page.locator(".panel .log-row").first().waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(one));
  const press = (key) => page.keyboard.press(key);
  const counted = (text) => page.locator(".log-count", { hasText: text }).waitFor();
  const line = (at) => page.locator(`.log-row[data-line="${at}"]`).waitFor();
  const top = (at) =>
    page.waitForFunction((wanted) => {
      const box = document.querySelector(".log-rows").getBoundingClientRect();
      const rows = [...document.querySelectorAll(".log-row[data-line]")];
      return Number(rows.find((row) => row.getBoundingClientRect().top >= box.top - 1)?.dataset.line) === wanted;
    }, at);
  await line(351);
  await press("g");
  await top(1);
  await press("j");
  await top(2);
  await press("k");
  await top(1);
  await press("G");
  await line(400);
  assert.ok((await firstLine(page)) > 300);
  await press("/");
  await page.keyboard.type("step 1");
  await counted("of 111");
  await page.getByLabel("Find in the output").blur();
  await press("g");
  const at = async () => Number((await page.locator(".log-count").innerText()).split(" ")[0]);
  const before = await at();
  await press("n");
  await counted(`${(before % 111) + 1} of 111`);
  await press("N");
  await counted(`${before} of 111`);
  await press("f");
  await page.waitForURL(/only=1/);
  await press("f");
  await page.waitForURL((url) => !url.searchParams.has("only"));
  await press("t");
  await page.waitForURL(/time=clock/);
  await page.locator(".log-time", { hasText: "08:00:" }).or(page.locator(".log-time").first()).first().waitFor();
  await press("e");
  await page.waitForURL(/#L\d+$/);
  const first = page.url();
  await press("E");
  await page.waitForURL((url) => url.href !== first);
  const copies = await captureCopies(page);
  await press("c");
  assert.match((await copies(1))[0], /^ERROR in step \d+\n$/);
  await press("y");
  assert.match((await copies(2))[1], new RegExp(`${one}.*#L\\d+$`));
  await press("[");
  await page.waitForURL(new RegExp(`${TAG}-k11`));
  await page.locator(".run-moves a").first().waitFor();
  await press("]");
  await page.waitForURL(new RegExp(`${TAG}-k10`));
  await page.getByRole("link", { name: "Compare with last success" }).waitFor();
  await press("d");
  await page.waitForURL(/\/console\/compare\?/);
  await page.locator(".compare-fields").waitFor();
  await page.goBack();
  await page.waitForURL(new RegExp(one));
  await line(351);
  await press("Escape");
  await page.waitForURL((url) => !url.href.includes(`${TAG}-k10?`) || url.pathname === "/console/runs");
});

test("in the functions: / j k enter", async () => {
  const page = await signedIn(`/console?since=3h&q=${TAG}-keys`);
  await page.locator(".functions-row").first().waitFor();
  await page.keyboard.press("/");
  await page.waitForFunction(() => document.activeElement.matches(".functions-filter"));
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.locator(".functions-row.is-selected").waitFor();
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/console/runs\\?.*function=${TAG}-keys`));
});

test("keys are listed, letters can be switched off, and are silent while typing and composing", async () => {
  const page = await signedIn(list);
  await page.locator("#row-0").waitFor();
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await dialog.waitFor();
  const listed = await dialog.locator("kbd").allInnerTexts();
  for (const key of [
    "/",
    "n",
    "N",
    "j",
    "k",
    "Enter",
    "Esc",
    "e",
    "E",
    "f",
    "g",
    "G",
    "t",
    "[",
    "]",
    "d",
    "c",
    "y",
    "?",
  ])
    assert.ok(listed.includes(key), key);
  await page.getByLabel("Single letters are keys").uncheck();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  const url = page.url();
  await page.keyboard.press("f");
  await page.keyboard.press("j");
  assert.equal(page.url(), url);
  assert.equal(await page.locator(".run-row.is-selected").count(), 0);
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  await page.locator("#row-0").waitFor();
  // As an input method sends them, and with a modifier.
  await page.evaluate(() => {
    for (const more of [{ isComposing: true }, { ctrlKey: true }, { altKey: true }, { metaKey: true }])
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, ...more }));
  });
  assert.equal(await page.locator(".run-row.is-selected").count(), 0);
  await page.keyboard.press("j");
  await page.locator("#row-0.is-selected").waitFor();
});
