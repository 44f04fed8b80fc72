// A customer in headless Chromium, on the plain chat page that the server serves at /chat/.
//
// Commands come from standard input and answers go to standard output, one JSON object a line. A command that expects
// something of the page waits for it, and fails saying what it waited for.
import readline from "node:readline";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const patience = 20_000; // less than the test waits for an answer

let profile, context, page;
const troubles = [];

const main = () => page.locator("#chat");
const rows = () => page.locator("#log li");
const saying = (text) => rows().filter({ has: page.locator(".said", { hasText: exactly(text) }) }).first();
const exactly = (text) => new RegExp("^" + text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$");
const inState = (state) => page.locator(`#chat[data-state="${state}"]`).waitFor();

const commands = {
  async open({ url, executable }) {
    profile = await mkdtemp(path.join(os.tmpdir(), "parley-chromium-"));
    context = await chromium.launchPersistentContext(profile, {
      executablePath: executable,
      headless: true,
      viewport: { width: 900, height: 760 },
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(patience);
    page.on("pageerror", (error) => troubles.push(`uncaught: ${error.message}`));
    page.on("console", (message) => message.type() === "error" && troubles.push(`console: ${message.text()}`));
    const response = await page.goto(url);
    return { status: response.status(), version: context.browser()?.version() };
  },
  async start({ name }) {
    await page.getByLabel("Your name").fill(name);
    await page.getByRole("button", { name: "Start chat" }).press("Enter");
    await inState("open");
    return { contactId: await main().getAttribute("data-contact") };
  },
  async say({ text }) {
    const box = page.getByRole("textbox", { name: "Message" });
    await box.fill(text);
    await box.press("Enter");
    const row = saying(text);
    await row.locator(".when", { hasText: /Sent|Delivered|Read/ }).waitFor();
    return { id: await row.getAttribute("data-id") };
  },
  async type({ text }) {
    await page.getByRole("textbox", { name: "Message" }).pressSequentially(text);
  },
  async see({ text }) {
    await saying(text).waitFor();
    return describe(saying(text));
  },
  async note({ text }) {
    await rows().filter({ hasText: exactly(text) }).first().waitFor();
  },
  async progress({ text, want }) {
    await saying(text).locator(".when", { hasText: want }).waitFor();
  },
  async typing({ name }) {
    await page.locator("#typing", { hasText: `${name} is typing` }).waitFor();
  },
  async end() {
    await page.getByRole("button", { name: "End chat" }).click();
    await inState("ended");
  },
  async back({ rehydration }) {
    await page.getByLabel("Bring along").selectOption(rehydration);
    await page.getByRole("button", { name: "Come back" }).click();
    await inState("open");
    return { contactId: await main().getAttribute("data-contact") };
  },
  // Loads older pages until there are none, and tells how many there were: each brings something, or is the last.
  async older() {
    const button = page.getByRole("button", { name: "Load older messages" });
    let pages = 0;
    for (; await button.isVisible(); pages++) {
      const before = await rows().count();
      await button.click();
      await page.waitForFunction(
        (n) => document.querySelectorAll("#log li").length > n || document.getElementById("older").hidden,
        before,
      );
    }
    return { pages };
  },
  async reload() {
    await page.reload();
    await inState("open");
  },
  async rows() {
    return { rows: await Promise.all((await rows().all()).map(describe)) };
  },
  async evaluate({ expression }) {
    return { value: await page.evaluate(expression) };
  },
  async screenshot({ file, scheme }) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: file });
  },
  async troubles() {
    return { troubles };
  },
  async close() {
    await context?.close();
    await rm(profile, { recursive: true, force: true });
  },
};

// What the page itself says about how it is doing.
async function condition() {
  const state = await main().getAttribute("data-state", { timeout: 1000 }).catch(() => "not there");
  const problem = await page.locator("#problem").textContent({ timeout: 1000 }).catch(() => "");
  return `the page is ${state}${problem && ` and says ${JSON.stringify(problem)}`}, with ${await rows().count()} rows`;
}

async function describe(row) {
  return {
    id: await row.getAttribute("data-id"),
    kind: await row.getAttribute("data-kind"),
    pastContact: (await row.getAttribute("data-past-contact")) ?? "",
    mine: (await row.getAttribute("class")).split(" ").includes("mine"),
    text: await row.locator(".said, .words").innerText(),
  };
}

// One command after the other: a page has one customer.
let queue = Promise.resolve();
readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { id, do: name, ...args } = JSON.parse(line);
    queue = queue.then(async () => {
      try {
        say({ id, ok: (await commands[name](args)) ?? {} });
      } catch (error) {
        say({ id, error: { type: error.name, message: [error.message, await condition(), ...troubles].join("; ") } });
      }
    });
  })
  .on("close", () => queue.then(commands.close).finally(() => process.exit(0)));
