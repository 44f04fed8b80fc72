// Signing in: the form on a page of its own, and how that page hands the sign-in over to frames. A frame has none of the page's cookies,
// and is made anew every few seconds until it says that the agent is there; so a form in it would be lost. The page asks all frames of the
// window that opened it, and only those of this server's origin can hear it. A frame answers with a challenge, gets a token for that
// challenge, and takes its session with the token and what the challenge is the hash of.
import { Refused, type Desk } from "./desk";
import type { Session } from "./types";

type Word = { parley: "hello" } | { parley: "challenge"; challenge: string } | { parley: "token"; token: string } | { parley: "taken" } | { parley: "refused"; message: string };

const helloEvery = 200;

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function hear(listener: (word: Word, from: Window) => void): () => void {
  const listen = (event: MessageEvent) => {
    const word = event.data as Word | null;
    if (event.origin === location.origin && event.source && typeof word === "object" && word && typeof word.parley === "string") {
      listener(word, event.source as Window);
    }
  };
  addEventListener("message", listen);
  return () => removeEventListener("message", listen);
}

const tell = (to: Window, word: Word) => to.postMessage(word, location.origin);

// take waits in a frame for a page that hands its sign-in over, as often as one comes.
export async function take(desk: Desk, parent: string, signedIn: () => void, refused: (message: string) => void): Promise<void> {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
  let taking = false;
  hear(async (word, from) => {
    if (desk.session || taking) return;
    if (word.parley === "hello") tell(from, { parley: "challenge", challenge });
    if (word.parley !== "token") return;
    taking = true;
    try {
      const session = await desk.ask<Session>("POST", "session/take", { token: word.token, verifier, parent });
      tell(from, { parley: "taken" });
      desk.begin(session);
      signedIn();
    } catch (error) {
      const message = error instanceof Refused ? error.problem.message : String(error);
      tell(from, { parley: "refused", message });
      if (error instanceof Refused && error.problem.status === 403) refused(message);
    }
    taking = false;
  });
}

// handOver gives the sign-in of this page to the frames of the window that opened it. It resolves when one has taken it, or none has asked.
export function handOver(desk: Desk): Promise<"taken" | "nobody" | string> {
  const opener = window.opener as Window | null;
  if (!opener || opener === window) return Promise.resolve("nobody");
  return new Promise((resolve) => {
    const served = new Set<string>();
    let rounds = 0;
    const done = (how: string) => {
      clearInterval(timer);
      stop();
      resolve(how);
    };
    const stop = hear(async (word, from) => {
      if (word.parley === "taken") return done("taken");
      if (word.parley === "refused") return done(word.message);
      if (word.parley !== "challenge" || served.has(word.challenge)) return;
      served.add(word.challenge);
      try {
        const { token } = await desk.ask<{ token: string }>("POST", "session/hand-over", { challenge: word.challenge });
        tell(from, { parley: "token", token });
      } catch (error) {
        done(error instanceof Refused ? error.problem.message : String(error));
      }
    });
    const round = () => {
      if (opener.closed || (rounds++ > 10 && served.size === 0) || rounds > 300) return done("nobody");
      tell(opener, { parley: "hello" });
      for (let i = 0; i < opener.length; i++) tell(opener[i] as Window, { parley: "hello" });
    };
    const timer = setInterval(round, helloEvery);
    round();
  });
}
