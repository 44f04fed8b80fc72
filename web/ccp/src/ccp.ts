// The Contact Control Panel. In a frame it works for the page around it, which has amazon-connect-streams; on a page of its own it signs
// agents in, and is a plain panel to work with.
import { Conduit } from "./conduit";
import { Desk, Refused } from "./desk";
import { handOver, take } from "./signin";
import type { Missing, Session } from "./types";
import { View } from "./view";

const desk = new Desk();
const framed = window.parent !== window;
const view = new View(desk, framed);
for (const event of ["keydown", "pointerdown", "pointermove"]) addEventListener(event, () => desk.active(), { passive: true });
const mayWork = (session: Session | undefined) => session?.permissions.includes("BasicAgentAccess");
const noPermission = "Your security profiles do not let you use the Contact Control Panel.";

function parentOrigin(): string | undefined {
  const origin = location.ancestorOrigins?.[0] ?? (document.referrer ? new URL(document.referrer).origin : undefined);
  return origin === "null" ? undefined : origin;
}

async function inFrame(): Promise<void> {
  const origin = parentOrigin();
  if (!origin) return view.gate("This page cannot tell which page it is part of. Allow the page around it to send its origin as the referrer.");
  const conduit = new Conduit(desk, window.parent, origin);
  const begin = () => {
    if (!mayWork(desk.session)) {
      conduit.denied();
      return view.gate(noPermission);
    }
    conduit.begin();
    view.work();
  };
  const out = () => view.gate("You are signed out.", { label: "Sign in", act: openSignIn });
  desk.on("over", out);
  await take(desk, origin, begin, (message) => {
    conduit.denied();
    view.gate(message);
  });
  if (await desk.resume()) begin();
  else out();
}

function openSignIn(): void {
  const [width, height] = [440, 640];
  window.open("/login" + location.search, "parley-sign-in", `popup,width=${width},height=${height},left=${(screen.width - width) / 2},top=${(screen.height - height) / 2}`);
}

async function onItsOwn(): Promise<void> {
  desk.on("over", () => form());
  if (await desk.resume(false)) await enter();
  else form();
}

function form(): void {
  let first: Missing | undefined; // the step with the password is done
  view.signIn(async (input) => {
    const answer = first
      ? await desk.ask<Session>("POST", "session/code", { signIn: first.signIn, code: input.code })
      : await desk.ask<Session | { missing: Missing }>("POST", "session" + location.search, input);
    if ("missing" in answer) return (first = answer.missing);
    desk.session = answer;
    await enter();
  });
}

async function enter(): Promise<void> {
  if (window.opener) {
    view.gate("Signing in…");
    const how = await handOver(desk);
    if (how === "taken") {
      view.gate("You are signed in. You can close this window.");
      return window.close();
    }
    if (how !== "nobody") return view.gate(how);
  }
  if (!mayWork(desk.session)) return view.gate(noPermission, { label: "Sign out", act: () => void desk.signOut(false) });
  desk.begin(desk.session!);
  view.work();
}

(framed ? inFrame() : onItsOwn()).catch((error: unknown) => {
  view.gate(error instanceof Refused ? error.problem.message : String(error), { label: "Try again", act: () => location.reload() });
});
