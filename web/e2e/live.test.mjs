// The live view: complete, current, bounded, and it never moves what somebody reads.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { test } from "node:test";

import { BASE, SECRET_ID, SECRET_KEY, watched } from "./browser.mjs";
import { post, run, signedIn, TAG } from "./console.mjs";
import { OwnServer } from "./own-server.mjs";

const counters = (page, text) => page.locator(".live-counters", { hasText: text }).waitFor();
const batch = (name, from, count, server) =>
  post(
    Array.from({ length: count }, (_, at) => run(name, `${name}${from + at}`, { StartTime: Date.now() })),
    server,
  );

test("live: what arrives is shown once, and a connection that is cut goes on where it was", async () => {
  const page = await signedIn(`/console/runs?live=1&function=${TAG}-live`);
  await page.getByText("Waiting for runs…").waitFor();
  await page.locator(".live-state.is-live").waitFor();
  await batch("live", 0, 500);
  await counters(page, "received 500 · shown 500 · missed 0");
  await page.context().setOffline(true);
  await batch("live", 500, 300);
  await page.context().setOffline(false);
  await batch("live", 800, 200);
  await counters(page, "received 1,000 · shown 1,000 · missed 0");
  assert.ok((await page.locator(".run-row").count()) < 80);
});

test("live: a pause is told by text, is announced once, and holds every row", async () => {
  const page = await signedIn(`/console/runs?live=1&function=${TAG}-pause`);
  await page.locator(".live-state.is-live").waitFor();
  await batch("pause", 0, 50);
  await counters(page, "received 50 · shown 50");
  const said = page.locator("[role=status].live-said");
  await page.evaluate(() => {
    globalThis.announced = [];
    const status = document.querySelector(".live-said");
    const note = () => globalThis.announced.push(status.textContent);
    new MutationObserver(note).observe(status, { childList: true, characterData: true, subtree: true });
  });
  await page.keyboard.press("p");
  assert.equal(await said.innerText(), "The live view is paused");
  const top = await page.locator("#row-0").innerText();
  for (const from of [50, 60, 70]) {
    await batch("pause", from, 10);
    await page.getByText(`paused, ${from - 40} new`).waitFor();
  }
  assert.equal(await page.locator("#row-0").innerText(), top);
  assert.deepEqual(await page.evaluate(() => globalThis.announced), ["The live view is paused"]);
  await page.keyboard.press("p");
  await counters(page, "shown 80");
});

test("live: a filter that is changed leaves no foreign row, and none comes", async () => {
  const page = await signedIn(`/console/runs?live=1&function=${TAG}-filter`);
  await page.locator(".live-state.is-live").waitFor();
  await batch("filter", 0, 40);
  await counters(page, "received 40 ·");
  await page.keyboard.press("f");
  await page.waitForURL(/result=failed/);
  await page.getByText("Waiting for runs…").waitFor();
  assert.equal(await page.locator(".run-row").count(), 0);
  await page.locator(".live-state.is-live").waitFor();
  // The failed one is stored after the others: when it is here, the others would be too.
  await batch("filter", 40, 50);
  await post([run("filter", "bad", { RetCode: 430 })]);
  await counters(page, "received 1 · shown 1");
  assert.equal(await page.locator(".run-row").count(), 1);
});

test("live: 10,000 numbered runs with a server that is killed half way are all there, once", async (t) => {
  const server = await OwnServer.start();
  t.after(() => server.remove());
  const page = await signedIn(`/console/runs?live=1&function=${TAG}-kill`, { base: server.base });
  await page.locator(".live-state.is-live").waitFor();
  await batch("kill", 0, 5000, server.url);
  await counters(page, "received 5,000 · shown 5,000 · missed 0");
  await server.kill();
  await page.locator(".live-state.is-reconnecting").waitFor();
  await server.begin();
  await batch("kill", 5000, 5000, server.url);
  // A restart ends all sessions; what was on the screen is still there after signing in.
  await page.getByLabel("SecretId").fill(SECRET_ID);
  await page.getByLabel("SecretKey").fill(SECRET_KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  // Rows under the pointer do not move.
  await page.mouse.move(2, 2);
  await counters(page, "received 10,000 · shown 10,000 · missed 0");
  // Every row, by going through the list; the pointer's place does not hold it, scrolling does.
  const numbers = await page.evaluate(async () => {
    const rows = document.querySelector(".run-rows");
    const found = new Map();
    for (let top = 0; top < rows.scrollHeight; top += rows.clientHeight) {
      rows.scrollTop = top;
      const at = Math.floor(rows.scrollTop / 28);
      const last = Math.min(9999, Math.floor((rows.scrollTop + rows.clientHeight - 1) / 28));
      while (!document.getElementById(`row-${at}`) || !document.getElementById(`row-${last}`))
        await new Promise((resolve) => requestAnimationFrame(resolve));
      for (const row of rows.querySelectorAll(".run-row")) found.set(row.id, row.querySelector("a").pathname);
    }
    return [...found.values()].map((path) => Number(/kill(\d+)$/.exec(path)[1]));
  });
  assert.deepEqual(
    numbers,
    Array.from({ length: 10_000 }, (_, at) => 9999 - at),
  );
});

/** As many as four minutes bring at 500 a second: the list is full after 10,000, and nothing may grow after that. */
const STREAM_RUNS = 120_000;
const STREAM_FIRST = 20_000;

/** The server of all tests, but its tail sends runs as fast as the page takes them. */
async function fastServer() {
  const { hostname, port } = new URL(process.env.RUNLOG_WEB);
  let goOn;
  const isAsked = new Promise((resolve) => (goOn = resolve));
  const stream = async (response, first) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    for (let at = 1; at <= STREAM_RUNS; at += 1) {
      const Seq = first + at;
      const one = { ...run("fast", `fast${at}`, { StartTime: Date.now() }), Seq, PrevSeq: Seq - 1, Log: undefined };
      const rest = { Region: "", Namespace: "default", Qualifier: "$LATEST", RetryNum: 0, BillDuration: 12 };
      const data = JSON.stringify({ ...one, ...rest, InvokeFinished: 1, Level: "", Source: "" });
      const isRoom = response.write(`id: ${Seq}\nevent: run\ndata: ${data}\n\n`);
      if (!isRoom) await new Promise((resolve) => response.once("drain", resolve));
      if (at === STREAM_FIRST) await isAsked;
    }
  };
  const server = createServer((asked, response) => {
    const { pathname, searchParams } = new URL(asked.url, "http://x");
    if (pathname === "/api/v1/tail") {
      void stream(response, Number(searchParams.get("from_seq")));
      return;
    }
    const { method, headers, url: path } = asked;
    const on = request({ hostname, port, method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    on.on("error", () => response.destroy());
    asked.pipe(on);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { base: `http://lan.test:${server.address().port}`, goOn, close };
}

test("live: 120,000 runs in one stream leave the heap flat and the elements few", async (t) => {
  const fast = await fastServer();
  t.after(fast.close);
  const page = await signedIn(`/console/runs?live=1&function=${TAG}-fast`, { base: fast.base });
  const tools = await page.context().newCDPSession(page);
  const measure = async () => {
    await tools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await tools.send("Runtime.getHeapUsage");
    return { heap_bytes: usedSize, elements: await page.evaluate(() => document.querySelectorAll("*").length) };
  };
  const number = (count) => count.toLocaleString("en-US");
  // Until the rate is nought too: it is counted from the times of the last seconds.
  const received = (count) => `received ${number(count)} · shown 10,000 · missed 0 · 0/s`;
  await counters(page, received(STREAM_FIRST));
  const early = await measure();
  fast.goOn();
  await counters(page, received(STREAM_RUNS));
  const late = await measure();
  assert.ok(late.heap_bytes < early.heap_bytes * 1.1 + 1_000_000, JSON.stringify({ early, late }));
  assert.ok(late.elements < early.elements + 100, JSON.stringify({ early, late }));
});

test("eight tabs over plain http all load, and all are current", async () => {
  const first = await signedIn(`/console/runs?live=1&function=${TAG}-tabs`);
  const pages = [first];
  for (let at = 1; at < 8; at += 1) {
    const page = await watched(first.context());
    await page.goto(first.url());
    pages.push(page);
  }
  assert.equal(new URL(first.url()).origin, BASE);
  for (const page of pages) await page.locator(".live-bar").waitFor();
  await batch("tabs", 0, 1);
  for (const page of pages) await page.locator("#row-0").waitFor();
});

test("a list that is scrolled stays where it is while 1,000 runs arrive", async () => {
  const page = await signedIn(`/console/runs?live=1&function=${TAG}-scroll`);
  await page.locator(".live-state.is-live").waitFor();
  await batch("scroll", 0, 300);
  await counters(page, "shown 300");
  await page.locator(".run-rows").evaluate((rows) => (rows.scrollTop = 28 * 100));
  await page.locator("#row-110").waitFor();
  const text = await page.locator("#row-110").innerText();
  await batch("scroll", 300, 1000);
  await page.getByText("paused, 1,000 new").waitFor();
  assert.equal(await page.locator("#row-110").innerText(), text);
  assert.equal(await page.locator(".run-rows").evaluate((rows) => rows.scrollTop), 2800);
});
