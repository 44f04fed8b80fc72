// The agent's side: requests to /agent/v1, and the one socket of this page, which brings snapshots and the items of all chats.
import { shape } from "./shape";
import type { Configuration, Item, Problem, Session, Snapshot } from "./types";

const base = "/agent/v1/";
const beatEvery = 30_000; // a socket that is silent for 150 s is closed
const activeEvery = 30_000; // what is said more often is not kept
const policy = 1008; // the code that says that the session has ended

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.message);
  }
}

type Events = {
  change: () => void; // another snapshot or configuration
  item: (item: Item, text: string) => void;
  up: () => void;
  down: () => void;
  over: () => void; // the session has ended
  idle: (ends: Date | undefined) => void; // the session is about to end for inactivity, or not any more
};

export class Desk {
  snapshot?: Snapshot;
  configuration?: Configuration;
  session?: Session;
  connected = false;

  private socket?: WebSocket;
  private cursors = new Map<string, string>();
  private tries = 0;
  private timer?: ReturnType<typeof setTimeout>;
  private beat?: ReturnType<typeof setInterval>;
  private listeners: { [E in keyof Events]: Set<Events[E]> } = { change: new Set(), item: new Set(), up: new Set(), down: new Set(), over: new Set(), idle: new Set() };

  on<E extends keyof Events>(event: E, listener: Events[E]): void {
    this.listeners[event].add(listener);
  }

  private emit<E extends keyof Events>(event: E, ...args: Parameters<Events[E]>): void {
    for (const listener of this.listeners[event]) {
      try {
        (listener as (...args: Parameters<Events[E]>) => void)(...args);
      } catch (error) {
        console.error(error);
      }
    }
  }

  // ask makes one request. It throws Refused with the answer's type and message, also when there is none.
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    let answer: Response;
    try {
      answer = await fetch(base + path, {
        method,
        headers: { "Content-Type": "application/json", ...(this.session && { "X-Parley-CSRF": this.session.csrf }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch {
      throw new Refused({ type: "ServiceUnavailableException", message: "The server does not answer.", status: 0 });
    }
    const data = await answer.json().catch(() => ({}));
    if (answer.ok) return data as T;
    if (answer.status === 401 && this.session && !path.startsWith("session")) this.end();
    throw new Refused({ type: data.type ?? "InternalServiceException", message: data.message ?? `The server answered ${answer.status}.`, status: answer.status });
  }

  // resume takes up the session that the browser has a cookie of, and says whether there is one.
  async resume(open = true): Promise<boolean> {
    try {
      const session = await this.ask<Session>("GET", "session");
      if (open) this.begin(session);
      else this.session = session;
      return true;
    } catch (error) {
      if (error instanceof Refused && error.problem.status === 401) return false;
      throw error;
    }
  }

  begin(session: Session): void {
    this.session = session;
    this.open();
  }

  // active says that the agent has moved or typed, where sessions end for inactivity.
  active(): void {
    if (!this.session?.inactivity || Date.now() - this.told < activeEvery) return;
    this.told = Date.now();
    this.ask("POST", "session/activity").then(
      () => this.emit("idle", undefined),
      () => (this.told = 0),
    );
  }
  private told = 0;

  // signOut ends the session here and on the server.
  async signOut(offline: boolean): Promise<void> {
    const had = this.session;
    try {
      if (had) await this.ask("DELETE", "session" + (offline ? "?offline=true" : ""));
    } finally {
      this.end();
    }
  }

  // end forgets the session, which has ended.
  end(): void {
    if (!this.session) return;
    this.session = this.snapshot = this.configuration = undefined;
    this.cursors.clear();
    clearTimeout(this.timer);
    this.close();
    this.emit("over");
  }

  private close(): void {
    const socket = this.socket;
    this.socket = undefined;
    clearInterval(this.beat);
    socket?.close();
    if (this.connected) {
      this.connected = false;
      this.emit("down");
    }
  }

  private open(): void {
    const after = [...this.cursors].map(([stream, seq]) => `after=${stream}:${seq}`).slice(-400);
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + base + "socket" + (after.length ? "?" + after.join("&") : ""));
    this.socket = socket;
    socket.onmessage = (event) => this.receive(String(event.data));
    socket.onopen = () => {
      this.beat = setInterval(() => socket.send('{"topic":"aws/heartbeat"}'), beatEvery);
      this.connected = true;
      this.tries = 0;
      this.emit("up");
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.close();
      if (!this.session) return;
      if (code === policy) return void this.check();
      this.again();
    };
  }

  // again opens the socket after a while: at once the first time, then ever later.
  private again(): void {
    const wait = this.tries === 0 ? 50 : Math.min(10_000, 250 * 2 ** this.tries);
    this.tries++;
    this.timer = setTimeout(() => (this.tries % 4 === 0 ? this.check() : this.open()), wait * (0.75 + Math.random() / 2));
  }

  // check asks whether the session is still there: a refused socket does not say why.
  private async check(): Promise<void> {
    try {
      this.session = await this.ask<Session>("GET", "session");
      this.open();
    } catch (error) {
      if (error instanceof Refused && (error.problem.status === 401 || error.problem.status === 403)) this.end();
      else this.again();
    }
  }

  private receive(text: string): void {
    const frame = JSON.parse(text) as { topic: string; content: unknown; cursor?: string };
    if (frame.cursor) {
      const at = frame.cursor.lastIndexOf(":");
      this.cursors.set(frame.cursor.slice(0, at), frame.cursor.slice(at + 1));
    }
    if (frame.topic === "aws/chat") {
      this.emit("item", JSON.parse(frame.content as string) as Item, frame.content as string);
    } else if (frame.topic === "parley/agent") {
      const content = frame.content as { type: string; snapshot: Snapshot; configuration: Configuration; warning?: boolean; ends?: number };
      if (content.type === "inactivity") this.emit("idle", content.warning ? new Date((content.ends ?? 0) * 1000) : undefined);
      if (content.type !== "snapshot") return;
      const told = this.configuration?.agentPreferences;
      ({ snapshot: this.snapshot, configuration: this.configuration } = shape(content.snapshot, content.configuration));
      if (told && this.preferred) this.configuration.agentPreferences = told;
      this.forget();
      this.emit("change");
    }
  }

  // forget drops cursors of chats that the agent has no part in any more.
  private forget(): void {
    if (this.cursors.size < 100 || !this.snapshot || !this.session) return;
    const kept = new Set([this.session.user.id, ...this.snapshot.contacts.map((c) => c.initialContactId ?? c.contactId)]);
    for (const stream of this.cursors.keys()) {
      if (!kept.has(stream)) this.cursors.delete(stream);
    }
  }

  // prefer keeps preferences that the page around has set, while this page lasts.
  prefer(preferences: Record<string, string>): void {
    this.preferred = true;
    if (this.configuration) this.configuration.agentPreferences = { ...this.configuration.agentPreferences, ...preferences };
  }
  private preferred = false;

  // refresh reads snapshot and configuration anew.
  async refresh(): Promise<void> {
    const now = await this.ask<{ snapshot: Snapshot; configuration: Configuration }>("GET", "snapshot");
    const told = this.configuration?.agentPreferences;
    const before = this.snapshot;
    ({ snapshot: this.snapshot, configuration: this.configuration } = shape(now.snapshot, now.configuration));
    if (before) keepConnections(before, this.snapshot);
    if (told && this.preferred) this.configuration.agentPreferences = told;
    this.emit("change");
  }

  contact(id: unknown) {
    return this.snapshot?.contacts.find((c) => c.contactId === id);
  }

  // until resolves when the snapshot is as wanted, or after a second.
  until(wanted: () => boolean): Promise<void> {
    if (wanted()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.listeners.change.delete(look);
        resolve();
      };
      const look = () => wanted() && done();
      const timer = setTimeout(done, 1000);
      this.listeners.change.add(look);
    });
  }
}

// keepConnections keeps the tokens that the socket has brought: pages keep what they know of a chat by them.
function keepConnections(before: Snapshot, now: Snapshot): void {
  const known = new Map(before.contacts.flatMap((c) => c.connections).map((c) => [c.connectionId, c.chatMediaInfo]));
  for (const connection of now.contacts.flatMap((c) => c.connections)) {
    const media = known.get(connection.connectionId);
    if (media?.connectionData && connection.chatMediaInfo?.connectionData) connection.chatMediaInfo.connectionData = media.connectionData;
  }
}
