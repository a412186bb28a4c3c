// The front door and the docs in a real browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import { open, violations } from "./browser.mjs";

const fits = async (page) =>
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, page.url());

test("the front door leads to every page, in both themes and languages, on a phone too", async () => {
  for (const options of [{}, { dark: true, zh: true, width: 390 }]) {
    const page = await open("/", options);
    const doors = await page
      .locator(".front-doors a")
      .evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    assert.deepEqual(doors, ["/console", "/explorer", "/docs", "/openapi.json"]);
    assert.deepEqual(await violations(page), []);
    if (options.width === 390) await fits(page);
  }
});

test("every page of the docs opens, without a fault of accessibility", async () => {
  const page = await open("/docs");
  const names = await page
    .locator(".docs-list ul a")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.ok(names.length > 10);
  for (const name of names) {
    await page.goto(new URL(name, page.url()).href);
    await page.locator("article h1").first().waitFor();
    assert.deepEqual(await violations(page), [], name);
    await page.setViewportSize({ width: 390, height: 844 });
    await fits(page);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
});

test("links of the docs stay in the docs, and Back returns", async () => {
  const page = await open("/docs/api");
  await page.locator("article").getByRole("link", { name: "Export", exact: true }).first().click();
  await page.getByRole("heading", { level: 1, name: "Export" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/docs/export");
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "The signed API" }).waitFor();
});
