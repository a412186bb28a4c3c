// A server of a test's own: to be stopped and started again, or to store much.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { need, SECRET_ID, SECRET_KEY } from "./browser.mjs";

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

export class OwnServer {
  static async start() {
    const server = new OwnServer();
    server.binary = need("RUNLOG_BINARY");
    server.data = mkdtempSync(join(tmpdir(), "runlog-e2e-"));
    server.port = await freePort();
    server.url = `http://127.0.0.1:${server.port}`;
    /** As a browser opens it: by a name that it does not treat as secure. */
    server.base = `http://lan.test:${server.port}`;
    await server.begin();
    return server;
  }

  async begin() {
    const options = ["--data", this.data, "--listen", `127.0.0.1:${this.port}`, "--rate-limit", "0"];
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("RUNLOG_")));
    this.child = spawn(this.binary, ["serve", ...options, "--root-key", `${SECRET_ID}:${SECRET_KEY}`], {
      env: environment,
      stdio: "ignore",
    });
    const isGone = new Promise((resolve) => this.child.once("exit", resolve));
    this.isGone = isGone;
    for (let isReady = false; !isReady;) {
      if (this.child.exitCode !== null) throw new Error(`the server ended: ${this.child.exitCode}`);
      isReady = await fetch(`${this.url}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      // Between two questions, not in place of one.
      if (!isReady) await pause(20);
    }
  }

  /** Ends it at once, as a crash does. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.isGone;
  }

  async remove() {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }
}
