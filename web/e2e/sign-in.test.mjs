// Signing in by a name of the network: over plain http and over https, without a loop, and no secret is kept.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BASE, open, SECRET_ID, SECRET_KEY, violations } from "./browser.mjs";

for (const scheme of ["http", "https"]) {
  test(`signing in by a name of the network over ${scheme} works, stays, and ends`, async () => {
    const base = BASE.replace("http", scheme);
    const page = await open("/console/runs?since=3h", { base, ignoreHTTPSErrors: true });
    const isPlain = scheme === "http";
    await page.getByLabel("SecretId").fill(SECRET_ID);
    assert.equal(await page.getByText("the secret crosses the network in clear").count(), isPlain ? 1 : 0);
    await page.getByLabel("SecretKey").fill(`${SECRET_KEY}x`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("[role=alert]").waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByLabel("SecretKey").fill(SECRET_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".run-row").first().waitFor();
    assert.equal(page.url(), `${base}/console/runs?since=3h`);
    const cookies = await page.context().cookies();
    assert.deepEqual(
      cookies.map(({ httpOnly, sameSite, secure }) => ({ httpOnly, sameSite, secure })),
      [{ httpOnly: true, sameSite: "Lax", secure: !isPlain }],
    );
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
    assert.ok(!kept.includes(SECRET_KEY) && !cookies.some(({ value }) => value.includes(SECRET_KEY)));
    await page.reload();
    await page.locator(".run-row").first().waitFor();
    await page.locator(".top-own .account summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("SecretId").waitFor();
    await page.reload();
    await page.getByLabel("SecretId").waitFor();
  });
}
