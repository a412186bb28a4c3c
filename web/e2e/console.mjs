// What the tests of the console share: runs to look at, and a browser that is signed in.

import { BASE, open, SECRET_ID, SECRET_KEY } from "./browser.mjs";

const SERVER = process.env.RUNLOG_WEB;
export const BASIC = `Basic ${Buffer.from(`${SECRET_ID}:${SECRET_KEY}`).toString("base64")}`;

/** A word that no other file of tests, and no other run of these tests, has. */
export const TAG = `t${Date.now().toString(36)}`;

/** Runs in one request: what a test stores at once is whole before it looks. */
const BATCH_RUNS = 5000;

/** Stores runs, on the server of all tests or on another. */
export async function post(runs, server = SERVER) {
  for (let from = 0; from < runs.length; from += BATCH_RUNS) {
    const part = runs.slice(from, from + BATCH_RUNS);
    const response = await fetch(`${server}/api/v1/runs`, {
      method: "POST",
      headers: { Authorization: BASIC, "Content-Type": "application/x-ndjson" },
      body: part.map((run) => JSON.stringify(run)).join("\n"),
    });
    const answer = await response.json();
    if (answer.accepted !== part.length) throw new Error(JSON.stringify(answer));
  }
}

/** Asks the native API. */
export async function ask(path) {
  const response = await fetch(`${SERVER}${path}`, { headers: { Authorization: BASIC } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** A run, with what does not matter filled in. */
export function run(FunctionName, RequestId, more = {}) {
  const id = `${TAG}-${RequestId}`;
  const Log =
    more.Log ??
    `START RequestId: ${id}
hello from ${id}
END RequestId: ${id}
`;
  const rest = {
    StartTime: Date.now() - 60_000,
    Duration: 12,
    MemUsage: 50_000_000,
    RetCode: 0,
    RetMsg: "ok",
    ...more,
  };
  return { FunctionName: `${TAG}-${FunctionName}`, RequestId: id, ...rest, Log };
}

/** A page of a browser that is signed in. */
export async function signedIn(path, options = {}) {
  const page = await open("/livez", options);
  // In the page: only the browser knows the name that the pages are opened by.
  const status = await page.evaluate(
    async ([secret_id, secret_key]) => {
      const response = await fetch("/api/v1/session", {
        method: "POST",
        body: JSON.stringify({ secret_id, secret_key }),
        headers: { "Content-Type": "application/json", "X-Runlog-Session": "1" },
      });
      return response.status;
    },
    [SECRET_ID, SECRET_KEY],
  );
  if (status !== 200) throw new Error(`signing in: ${status}`);
  await page.goto((options.base ?? BASE) + path);
  return page;
}

/** The texts that a page copies from now on. `copies(n)` waits for `n` of them. */
export async function captureCopies(page) {
  await page.evaluate(() => {
    globalThis.copied = [];
    // After the page's own listener, which fills it.
    window.addEventListener("copy", (event) => globalThis.copied.push(event.clipboardData.getData("text/plain")));
  });
  return async (count) => {
    await page.waitForFunction((least) => globalThis.copied.length >= least, count);
    return page.evaluate(() => globalThis.copied);
  };
}

/** The first line that is wholly in view of an output, by its number. */
export const firstLine = (page) =>
  page.evaluate(() => {
    const { top } = document.querySelector(".log-rows").getBoundingClientRect();
    const rows = [...document.querySelectorAll(".log-row[data-line]")];
    return Number(rows.find((row) => row.getBoundingClientRect().top >= top - 1)?.dataset.line);
  });
