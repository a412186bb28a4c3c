// A real browser for the tests: the system's Chromium, driven by playwright-core.
//
// The pages are opened by a name that is not "localhost", since browsers treat that as secure: over plain http by any
// other name there is no WebCrypto and no clipboard, and everything has to work all the same.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const env = (name) => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; see web/README.md`);
  return value;
};

const PORT = new URL(env("RUNLOG_WEB")).port;
export const SECRET_ID = env("RUNLOG_SECRET_ID");
export const SECRET_KEY = env("RUNLOG_SECRET_KEY");
export const BASE = `http://lan.test:${PORT}`;

let browser;

export async function start() {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--host-resolver-rules=MAP lan.test 127.0.0.1"],
  });
}

export async function stop() {
  await browser?.close();
}

/** A fresh browser profile with one page; what goes wrong in the page is collected in `page.problems`. */
export async function open(path, { width = 1280, dark = false, zh = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 844 : 800 },
    colorScheme: dark ? "dark" : "light",
    locale: zh ? "zh-CN" : "en-US",
  });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("dialog", (dialog) => {
    page.problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) page.problems.push(message.text());
  });
  await page.goto(BASE + path);
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
