// Runs the tests in a browser: one Chromium for all, and the files one after the other, since a busy machine has no use
// for more. Names of files can be given: `npm run e2e -- e2e/keys.test.mjs`.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { launch } from "./chromium.mjs";

const FOLDER = dirname(fileURLToPath(import.meta.url));
const all = readdirSync(FOLDER).filter((name) => name.endsWith(".test.mjs"));
const given = process.argv.slice(2);
const files = given.length > 0 ? given : all.sort().map((name) => join(FOLDER, name));

const server = await launch();
const tests = spawn(process.execPath, ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files], {
  stdio: "inherit",
  env: { ...process.env, RUNLOG_BROWSER: server.wsEndpoint() },
});
tests.on("close", async (status) => {
  await server.close();
  process.exit(status ?? 1);
});
