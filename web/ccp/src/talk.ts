// One chat as the panel shows it: its transcript, read when the chat is shown and after each lost connection, and what the socket brings.
import { Refused, type Desk } from "./desk";
import type { Item } from "./types";

const pageSize = 100;

export class Talk {
  items: Item[] = [];
  draft = "";
  typing = "";
  private known = new Set<string>();
  private token?: { participantToken: string; until: number };
  private loading?: Promise<void>;
  private typed = 0;
  private typingTimer?: ReturnType<typeof setTimeout>;
  loaded = false;

  constructor(
    private desk: Desk,
    readonly contactId: string,
    readonly own: string, // the agent's participant
    private changed: () => void,
  ) {}

  take(item: Item): void {
    if (item.ContentType.endsWith("event.typing")) {
      if (item.ParticipantId === this.own) return;
      this.typing = item.DisplayName || "The customer";
      clearTimeout(this.typingTimer);
      this.typingTimer = setTimeout(() => this.still(), 12_000);
      return this.changed();
    }
    if (item.Type === "MESSAGEMETADATA" || this.known.has(item.Id)) return;
    if (item.Type === "MESSAGE") this.still();
    this.known.add(item.Id);
    let at = this.items.length;
    while (at > 0 && this.items[at - 1]!.AbsoluteTime > item.AbsoluteTime) at--;
    this.items.splice(at, 0, item);
    this.changed();
  }

  private still(): void {
    clearTimeout(this.typingTimer);
    if (!this.typing) return;
    this.typing = "";
    this.changed();
  }

  // load reads the transcript back to what is known.
  load(): Promise<void> {
    return (this.loading ??= this.read().finally(() => (this.loading = undefined)));
  }

  private async read(): Promise<void> {
    for (let token: string | undefined; ; ) {
      const query = `contacts/${this.contactId}/transcript?maxResults=${pageSize}&scanDirection=BACKWARD&sortOrder=ASCENDING` + (token ? "&nextToken=" + encodeURIComponent(token) : "");
      const page = await this.desk.ask<{ Transcript: Item[]; NextToken?: string }>("GET", query);
      const met = page.Transcript.some((item) => this.known.has(item.Id));
      page.Transcript.forEach((item) => this.take(item));
      token = page.NextToken;
      if (!token || (met && this.loaded)) break;
    }
    this.loaded = true;
    this.changed();
  }

  // send sends a message. What is sent twice, since an answer was lost, is said once.
  async send(text: string): Promise<void> {
    const token = crypto.randomUUID();
    for (let tries = 0; ; tries++) {
      try {
        await this.participant("message", { ClientToken: token, Content: text, ContentType: "text/plain" });
        return;
      } catch (error) {
        const status = error instanceof Refused ? error.problem.status : 0;
        if (tries === 3 || (status !== 0 && status < 500 && status !== 429)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** tries));
      }
    }
  }

  types(): void {
    if (Date.now() - this.typed < 9_000) return;
    this.typed = Date.now();
    this.participant("event", { ContentType: "application/vnd.amazonaws.connect.event.typing", ClientToken: crypto.randomUUID() }).catch(() => undefined);
  }

  private async participant(operation: string, body: unknown): Promise<void> {
    if (!this.token || this.token.until < Date.now()) {
      const given = await this.desk.ask<{ participantToken: string; expiry: string }>("POST", `contacts/${this.contactId}/token`);
      this.token = { participantToken: given.participantToken, until: Date.parse(given.expiry) - 60_000 };
    }
    let answer: Response;
    try {
      answer = await fetch("/participant/" + operation, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Amz-Bearer": this.token.participantToken },
        body: JSON.stringify(body),
      });
    } catch {
      throw new Refused({ type: "ServiceUnavailableException", message: "The server does not answer.", status: 0 });
    }
    if (answer.ok) return;
    const data = await answer.json().catch(() => ({}));
    throw new Refused({ type: "", message: data.Message ?? data.message ?? `The server answered ${answer.status}.`, status: answer.status });
  }
}
