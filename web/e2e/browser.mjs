// Pages of a real browser for the tests. What goes wrong in any of them fails the test that opened it.
//
// The pages are opened by a name that is not "localhost", since browsers treat that as secure: over plain http by any
// other name there is no WebCrypto and no clipboard, and everything has to work all the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, afterEach, before } from "node:test";

import { connect } from "./chromium.mjs";

export function need(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; see web/README.md`);
  return value;
}

const PORT = new URL(need("RUNLOG_WEB")).port;
export const SECRET_ID = need("RUNLOG_SECRET_ID");
export const SECRET_KEY = need("RUNLOG_SECRET_KEY");
export const BASE = `http://lan.test:${PORT}`;

/** How long a page may take, on a machine that has other work. Nothing waits that long that has come before. */
const PATIENCE_MS = 60_000;

let browser;
let end;
/** The pages that the running test has opened. */
const opened = [];

before(async () => ({ browser, end } = await connect()));
after(() => end?.());
afterEach(async () => {
  const pages = opened.splice(0);
  const problems = pages.flatMap((page) => page.problems);
  // A page that is left open would go on working beside the tests after it.
  await Promise.all(pages.map((page) => page.context().close()));
  assert.deepEqual(problems, [], "errors, dialogs and breaches of the policy in the pages");
});

/** A fresh browser profile. */
export const context = (options) => browser.newContext(options);

/** A page of a context, watched: what goes wrong in it is collected in `page.problems`. */
export async function watched(profile) {
  const page = await profile.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.problems = [];
  opened.push(page);
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("crash", () => page.problems.push("the page crashed"));
  page.on("dialog", (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) page.problems.push(message.text());
  });
  // The report of the policy: what the browser would send to a server that had asked for it.
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
      console.error(`Content Security Policy: ${violatedDirective} ${blockedURI} ${sample}`),
    ),
  );
  return page;
}

/** A fresh browser profile with one page. */
export async function open(path, { width = 1280, dark = false, zh = false, base = BASE, ...more } = {}) {
  const profile = await context({
    viewport: { width, height: width < 500 ? 844 : 800 },
    colorScheme: dark ? "dark" : "light",
    locale: zh ? "zh-CN" : "en-US",
    ...more,
  });
  const page = await watched(profile);
  await page.goto(base + path);
  return page;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious and critical violations of axe-core's rules, one line each. */
export async function violations(page) {
  // Evaluated by the debugger, which the page's policy does not concern.
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }),
  );
  const serious = found.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary}`),
  );
}

/** Fails where a page is wider than its window. */
export async function assertFits(page) {
  const [is, may] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  assert.ok(is <= may, `${page.url()} is ${is} pixels wide, in a window of ${may}`);
}
