// Starts the system's Chromium. The name `lan.test` is this machine: browsers treat "localhost" as secure, any other name
// not.

import { chromium } from "playwright-core";

export const launch = () =>
  chromium.launchServer({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // No disk for shared memory in a container: Chromium's pages would die of it.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP lan.test 127.0.0.1"],
  });

/** The browser that `run.mjs` started, or one for this file. Answers with it and with what ends it. */
export async function connect() {
  const known = process.env.RUNLOG_BROWSER;
  if (known !== undefined) {
    const browser = await chromium.connect(known);
    return { browser, end: () => browser.close() };
  }
  const server = await launch();
  return { browser: await chromium.connect(server.wsEndpoint()), end: () => server.close() };
}
