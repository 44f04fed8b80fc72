// A browser with several people in it, each with a profile of its own, driven by a judge: it opens pages, evaluates expressions in them and in
// their frames and popups, and waits for what it expects.
//
// Commands come from standard input and answers go to standard output, one JSON object a line. A command that expects something fails
// saying what it waited for.
import readline from "node:readline";
import { chromium } from "playwright-core";

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const patience = 25_000; // less than the test waits for an answer

let browser;
const people = new Map(); // contexts by name
const pages = new Map(); // by name
const troubles = [];

function keep(name, page) {
  pages.set(name, page);
  page.setDefaultTimeout(patience);
  page.on("pageerror", (error) => troubles.push(`${name}: uncaught: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && troubles.push(`${name}: console: ${message.text()} ${message.location().url}`));
}

const page = (name) => pages.get(name) ?? fail(`there is no page ${name}`);
const fail = (why) => {
  throw new Error(why);
};
// frame is the CCP's in a page: it may be made anew at any time.
const frameOf = (name) => page(name).frames().find((f) => f !== page(name).mainFrame()) ?? fail(`${name} has no frame`);

const commands = {
  async launch({ executable, args }) {
    browser = await chromium.launch({
      executablePath: executable,
      headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", ...(args ?? [])],
    });
    return { version: browser.version() };
  },
  // open opens a page of a person's; one who is not there comes.
  async open({ who, name, url, width = 900, height = 760 }) {
    if (!people.has(who)) people.set(who, await browser.newContext({ viewport: { width, height } }));
    const made = await people.get(who).newPage();
    keep(name, made);
    const response = await made.goto(url);
    return { status: response?.status() ?? 0 };
  },
  async evaluate({ name, in: where, expression }) {
    const value = await (where === "frame" ? frameOf(name) : page(name)).evaluate(expression);
    return { value: value === undefined ? null : value };
  },
  // until waits for an expression to be true, in a page or in whatever frame it has then.
  async until({ name, in: where, expression }) {
    if (where !== "frame") {
      await page(name).waitForFunction(expression, undefined, { polling: 20 });
      return;
    }
    for (const end = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      if (await frameOf(name).evaluate(expression).catch(() => false)) return;
      if (Date.now() > end) fail(`not so within ${patience} ms`);
    }
  },
  // popup waits for one that a page opens, and names it.
  async popup({ name, as }) {
    const opened = people.size && [...people.values()].flatMap((context) => context.pages()).find((p) => ![...pages.values()].includes(p));
    keep(as, opened || (await page(name).waitForEvent("popup")));
    await page(as).waitForLoadState("domcontentloaded");
    return { url: page(as).url() };
  },
  async signIn({ name, username, password }) {
    await page(name).getByLabel("User name").fill(username);
    await page(name).getByLabel("Password").fill(password);
    await page(name).getByRole("button", { name: "Sign in" }).click();
  },
  async closed({ name }) {
    if (!page(name).isClosed()) await page(name).waitForEvent("close");
    pages.delete(name);
  },
  async goto({ name, url }) {
    await page(name).goto(url);
  },
  async reload({ name }) {
    await page(name).reload();
  },
  async close({ name }) {
    await page(name).close();
    pages.delete(name);
  },
  async click({ name, in: where, role, label }) {
    await (where === "frame" ? frameOf(name) : page(name)).getByRole(role ?? "button", { name: label }).first().click();
  },
  async fill({ name, in: where, label, text, enter }) {
    const field = (where === "frame" ? frameOf(name) : page(name)).getByLabel(label, { exact: true });
    await field.fill(text);
    if (enter) await field.press("Enter");
  },
  async choose({ name, in: where, label, option }) {
    await (where === "frame" ? frameOf(name) : page(name)).getByLabel(label).selectOption({ label: option });
  },
  async see({ name, in: where, text }) {
    await (where === "frame" ? frameOf(name) : page(name)).getByText(text, { exact: true }).first().waitFor();
  },
  async cookies({ who }) {
    return { cookies: await people.get(who).cookies() };
  },
  async screenshot({ name, file, scheme }) {
    await page(name).emulateMedia({ colorScheme: scheme });
    await page(name).screenshot({ path: file });
  },
  async troubles() {
    return { troubles };
  },
};

// What the pages themselves say about how they are doing.
async function condition() {
  const all = [];
  for (const [name, p] of pages) {
    const told = await p.evaluate("typeof told === 'undefined' ? document.body.innerText.slice(0, 300) : told.slice(-25)").catch(() => "gone");
    all.push(`${name}: ${JSON.stringify(told)}`);
  }
  return all.join("; ");
}

readline
  .createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const { id, do: name, ...args } = JSON.parse(line);
    try {
      say({ id, ok: (await commands[name](args)) ?? {} });
    } catch (error) {
      say({ id, error: { type: error.name, message: [error.message.split("\n")[0], await condition(), ...troubles.slice(-10)].join("; ") } });
    }
  })
  .on("close", async () => {
    await browser?.close().catch(() => undefined);
    process.exit(0);
  });
