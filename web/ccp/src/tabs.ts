// The frames of one agent in one browser: how many there are, what one tells all of them, and which one is the master of a topic, such as
// ringing. They talk by a BroadcastChannel; where the browser has none for frames, each is alone.

type Word =
  | { kind: "here"; first?: boolean; topics: string[] }
  | { kind: "bye" }
  | { kind: "say"; event: string; data: unknown }
  | { kind: "master"; topic: string; takeOver: boolean };

const everyMs = 5_000;
const goneAfter = 17_000; // background tabs' timers are slow
const settling = 120; // others answer at once

export class Tabs {
  readonly id = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  private channel?: BroadcastChannel;
  private others = new Map<string, number>();
  private masters = new Map<string, string>();
  private timer?: ReturnType<typeof setInterval>;
  private settled: Promise<void>;

  constructor(
    user: string,
    private listener: { said(event: string, data: unknown): void; count(n: number): void; master(topic: string, id: string): void },
  ) {
    try {
      this.channel = new BroadcastChannel("parley-ccp " + user);
      this.channel.onmessage = ({ data }) => this.receive(data);
      this.timer = setInterval(() => this.alive(), everyMs);
    } catch {
      // each frame is alone then
    }
    this.send({ kind: "here", first: true, topics: [] });
    this.settled = new Promise((resolve) => setTimeout(resolve, this.channel ? settling : 0));
    addEventListener("pagehide", () => this.close());
  }

  get count(): number {
    return this.others.size + 1;
  }

  say(event: string, data: unknown): void {
    this.send({ kind: "say", event, data });
  }

  // check tells who is the master of a topic; who asks becomes it when there is none.
  async check(topic: string, mayBecome: boolean): Promise<{ masterId: string | null; isMaster: boolean; topic: string }> {
    await this.settled;
    if (!this.masters.has(topic) && mayBecome) this.take(topic, false);
    const masterId = this.masters.get(topic) ?? null;
    return { masterId, isMaster: masterId === this.id, topic };
  }

  async become(topic: string): Promise<{ masterId: string; takeOver: boolean; topic: string }> {
    await this.settled;
    const before = this.masters.get(topic);
    const takeOver = before !== undefined && before !== this.id;
    this.take(topic, takeOver);
    return { masterId: this.id, takeOver, topic };
  }

  close(): void {
    this.send({ kind: "bye" });
    clearInterval(this.timer);
    this.channel?.close();
    this.channel = undefined;
  }

  private take(topic: string, takeOver: boolean): void {
    this.masters.set(topic, this.id);
    this.send({ kind: "master", topic, takeOver });
  }

  private send(word: Word): void {
    try {
      this.channel?.postMessage({ from: this.id, word });
    } catch {
      // what cannot be copied reaches this page alone
    }
  }

  private mine(): string[] {
    return [...this.masters].filter(([, id]) => id === this.id).map(([topic]) => topic);
  }

  private alive(): void {
    this.send({ kind: "here", topics: this.mine() });
    const old = Date.now() - goneAfter;
    for (const [id, heard] of this.others) if (heard < old) this.gone(id);
  }

  private gone(id: string): void {
    if (!this.others.delete(id)) return;
    for (const [topic, master] of this.masters) if (master === id) this.masters.delete(topic);
    this.listener.count(this.count);
  }

  private receive({ from, word }: { from: string; word: Word }): void {
    if (word.kind === "bye") return this.gone(from);
    const known = this.others.has(from);
    this.others.set(from, Date.now());
    if (!known) this.listener.count(this.count);
    switch (word.kind) {
      case "here":
        for (const topic of word.topics) this.claimed(topic, from);
        if (word.first) this.send({ kind: "here", topics: this.mine() });
        return;
      case "say":
        return this.listener.said(word.event, word.data);
      case "master":
        if (word.takeOver) {
          this.masters.set(word.topic, from);
          this.listener.master(word.topic, from);
        } else this.claimed(word.topic, from);
    }
  }

  // claimed settles two that became master at once: the older frame stays.
  private claimed(topic: string, by: string): void {
    if (this.masters.get(topic) === this.id && this.id < by) this.send({ kind: "master", topic, takeOver: false });
    else this.masters.set(topic, by);
  }
}
