// Opens pages of `podfence graph` as a user would: `node page.mjs CHROMIUM SHOP.html HOSTILE.html`.
// Ends with 1 and a reason at the first thing that is not as it should be.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [chrome, shop, hostile] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: chrome });

// A page that may ask for nothing but itself, and complain of nothing.
async function open(file) {
  const faults = [];
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const address = pathToFileURL(file).href;
  page.on("console", (message) => faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("data:")) faults.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  const close = async () => {
    assert.deepEqual(faults, []);
    await page.close();
  };
  return { page, close };
}

// Clicks an edge in its middle, with the mouse.
async function clickEdge(page, name) {
  const at = await page.locator(`.edge[aria-label="${name}"] .hit`).evaluate((path) => {
    const point = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
    return { x: point.x, y: point.y };
  });
  await page.mouse.click(at.x, at.y);
}

const tests = {
  async "an edge leads to its trace"() {
    const { page, close } = await open(shop);
    await clickEdge(page, "shop/deploy/web → shop/deploy/db, TCP 5432");
    const panel = await page.locator("#panel").innerText();
    for (const text of ["allowed by ingress rule 1 of policy shop/db-from-web", "shop.yaml:32", "no policy isolates", "window.hacked = 'comment'", "^ this peer", "podfence explain shop/deploy/web shop/deploy/db --port 5432"]) {
      assert.ok(panel.includes(text), `the panel should say \`${text}\`:\n${panel}`);
    }
    assert.equal(await page.evaluate("window.hacked"), undefined);
    await page.keyboard.press("Escape");
    assert.ok(await page.locator("#panel").isHidden());
    await close();
  },

  async "a namespace folds and unfolds by key and by mouse"() {
    const { page, close } = await open(shop);
    const frame = page.locator('.frame[aria-label^="Namespace shop"]');
    const state = () => frame.getAttribute("aria-expanded");
    assert.equal(await state(), "true");
    const before = await page.locator(".card").count();
    await frame.focus();
    await page.keyboard.press("Enter");
    assert.equal(await state(), "false");
    assert.equal(await page.locator(".card").count(), before - 2);
    assert.equal(await page.evaluate("document.activeElement.dataset.frame"), await frame.getAttribute("data-frame"));
    await frame.click();
    assert.equal(await state(), "true");
    assert.equal(await page.locator(".card").count(), before);
    await close();
  },

  async "a card lists its connections, and they lead to traces"() {
    const { page, close } = await open(shop);
    await page.locator('.card[aria-label^="shop/deploy/db"]').click();
    const panel = page.locator("#panel");
    assert.ok((await panel.innerText()).includes("Isolated for ingress by shop/db-from-web (shop.yaml:26)"));
    await panel.getByRole("button", { name: "shop/deploy/web" }).click();
    assert.ok((await panel.innerText()).includes("allowed by ingress rule 1"));
    await close();
  },

  async "hovering marks a card's edges, and searching finds cards"() {
    const { page, close } = await open(shop);
    await page.locator('.card[aria-label^="shop/deploy/web"]').hover();
    assert.equal(await page.locator(".edge.hot").count(), 1);
    await page.mouse.move(1, 790);
    await page.locator("#search").fill("db-from-web");
    assert.equal(await page.locator("#found").innerText(), "1 found");
    assert.equal(await page.locator(".card.found").count(), 1);
    await page.keyboard.press("Enter");
    assert.ok((await page.locator("#panel h2").innerText()).includes("shop/deploy/db"));
    await close();
  },

  async "the map moves and zooms, and has a dark side"() {
    const { page, close } = await open(shop);
    const place = () => page.locator("#world").getAttribute("transform");
    const ground = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const [first, light] = [await place(), await ground()];
    await page.locator("#map").focus();
    await page.keyboard.press("ArrowLeft");
    assert.notEqual(await place(), first);
    await page.keyboard.press("0");
    assert.equal(await place(), first);
    await page.mouse.move(640, 700);
    await page.mouse.wheel(0, -300);
    await page.waitForFunction((first) => document.getElementById("world").getAttribute("transform") !== first, first);
    await page.emulateMedia({ colorScheme: "dark" });
    assert.notEqual(await ground(), light);
    await close();
  },

  async "names are text, whatever they are"() {
    const { page, close } = await open(hostile);
    assert.ok((await page.locator("#map .edge").count()) > 0);
    for (const index of Array(await page.locator(".card").count()).keys()) {
      await page.locator(".card").nth(index).focus();
      await page.keyboard.press("Enter");
      const edge = page.locator("#panel li button").first();
      if (await edge.count()) await edge.click();
    }
    const text = await page.evaluate("document.getElementById('map').textContent");
    assert.ok(text.includes("<script>"), text);
    assert.equal(await page.evaluate("window.hacked"), undefined);
    assert.equal(await page.locator("script").count(), 2);
    assert.equal(await page.locator("img, b").count(), 0);
    await close();
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok: ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${name}\n${error.stack}`);
  }
}
await browser.close();
process.exitCode = failed ? 1 : 0;
