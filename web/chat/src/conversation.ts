// The conversation as the page shows it: every item once, in the order of its time, each as plain text.
// Invariant: what a participant wrote reaches the document through textContent alone, never as markup.

export type Item = Partial<Omit<connect.ChatTranscriptItem, "ContentType" | "ParticipantRole" | "Type">> & {
  readonly Id: string;
  readonly Type?: string;
  readonly ContentType?: string;
  readonly ParticipantRole?: string;
  readonly ContactId?: string;
  readonly RelatedContactId?: string;
};

export type Receipt = { readonly DeliveredTimestamp?: string; readonly ReadTimestamp?: string };

const ranks = ["Sending", "Sent", "Delivered", "Read"] as const;
export type Progress = (typeof ranks)[number] | "Not sent";

const eventPrefix = "application/vnd.amazonaws.connect.event.";

export class Conversation {
  private readonly rows = new Map<string, HTMLLIElement>();
  private following = true; // the newest item stays in view, until the customer scrolls away from it

  constructor(
    private readonly list: HTMLOListElement,
    private me: string,
  ) {
    list.addEventListener("scroll", () => {
      this.following = list.scrollHeight - list.scrollTop - list.clientHeight < 48;
    });
    new ResizeObserver(() => this.follow()).observe(list);
  }

  private follow(): void {
    if (this.following) this.list.scrollTop = this.list.scrollHeight;
  }

  // A new contact keeps what is on the page: its customer has another participant id.
  continueAs(participantId: string): void {
    this.me = participantId;
  }

  clear(): void {
    this.rows.clear();
    this.list.replaceChildren();
  }

  has(id: string): boolean {
    return this.rows.has(id);
  }

  add(item: Item): void {
    if (this.rows.has(item.Id)) {
      this.receipts(item);
      return;
    }
    const row = this.render(item);
    if (!row) return;
    this.rows.set(item.Id, row);
    this.place(row, item.AbsoluteTime ?? "");
    if (row.classList.contains("mine")) this.mark(row, "Sent");
    this.receipts(item);
  }

  // What the customer wrote is on the page at once, under a name of its own until the service has given it an id.
  pending(temporary: string, content: string, name: string): void {
    const row = this.bubble({ Id: temporary, Content: content, DisplayName: name }, true);
    this.rows.set(temporary, row);
    this.place(row, "");
    this.mark(row, "Sending");
  }

  settle(temporary: string, id: string, time: string): void {
    const row = this.rows.get(temporary);
    if (!row) return;
    this.rows.delete(temporary);
    if (this.rows.has(id)) {
      row.remove(); // the echo on the socket came before the answer
      return;
    }
    row.dataset.id = id;
    this.rows.set(id, row);
    row.remove();
    this.place(row, time);
    this.mark(row, "Sent");
  }

  fail(temporary: string): void {
    const row = this.rows.get(temporary);
    if (row) this.mark(row, "Not sent");
  }

  // A receipt for one message implies all the customer's earlier ones: clients send only the newest of a burst.
  progress(messageId: string, to: Progress): void {
    const upTo = this.rows.get(messageId);
    if (!upTo) return;
    for (const row of this.list.querySelectorAll<HTMLLIElement>("li.mine")) {
      this.mark(row, to);
      if (row === upTo) break;
    }
  }

  private receipts(item: Item): void {
    for (const receipt of (item.MessageMetadata?.Receipts ?? []) as Receipt[]) {
      if (receipt.ReadTimestamp) this.progress(item.Id, "Read");
      else if (receipt.DeliveredTimestamp) this.progress(item.Id, "Delivered");
    }
  }

  private mark(row: HTMLLIElement, to: Progress): void {
    const rank = (p: string | undefined) => ranks.indexOf(p as (typeof ranks)[number]);
    if (to !== "Not sent" && rank(to) < rank(row.dataset.progress)) return;
    row.dataset.progress = to;
    const when = row.querySelector(".when");
    if (when) when.textContent = [row.dataset.clock, to].filter(Boolean).join(" · ");
    this.follow();
  }

  // Items sort by AbsoluteTime as text, as chatjs sorts them; what is still being sent stays last.
  private place(row: HTMLLIElement, time: string): void {
    row.dataset.time = time;
    const clock = row.querySelector(".when");
    if (time && clock) {
      row.dataset.clock = new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      clock.textContent = row.dataset.clock;
    }
    let after = this.list.lastElementChild as HTMLLIElement | null;
    while (after && time && (!after.dataset.time || after.dataset.time > time)) {
      after = after.previousElementSibling as HTMLLIElement | null;
    }
    if (after) after.after(row);
    else this.list.prepend(row);
    this.follow();
  }

  private render(item: Item): HTMLLIElement | null {
    if (item.Type === "MESSAGE") return this.bubble(item, item.ParticipantId === this.me || item.ParticipantRole === "CUSTOMER");
    if (item.Type === "ATTACHMENT") {
      const names = (item.Attachments ?? []).map((a) => a.AttachmentName).join(", ");
      return this.note(item, `${item.DisplayName ?? "Someone"} attached ${names}`);
    }
    switch (item.ContentType) {
      case eventPrefix + "participant.joined":
        return this.note(item, `${item.DisplayName ?? "Someone"} joined`);
      case eventPrefix + "participant.left":
        return this.note(item, `${item.DisplayName ?? "Someone"} left`);
      case eventPrefix + "transfer.succeeded":
        return this.note(item, "The chat was handed on");
      case eventPrefix + "chat.ended":
        return this.note(item, "The chat has ended");
      default:
        return null;
    }
  }

  private bubble(item: Item, mine: boolean): HTMLLIElement {
    const row = this.row(item, mine ? "mine" : "theirs");
    const who = item.ParticipantRole === "SYSTEM" ? "System" : (item.DisplayName ?? "");
    row.append(text("span", "who", who), text("p", "said", item.Content ?? ""), text("span", "when", ""));
    return row;
  }

  private note(item: Item, words: string): HTMLLIElement {
    const row = this.row(item, "note");
    row.append(text("span", "words", words));
    return row;
  }

  private row(item: Item, kind: string): HTMLLIElement {
    const row = document.createElement("li");
    row.className = item.RelatedContactId ? `${kind} past` : kind;
    row.dataset.id = item.Id;
    row.dataset.kind = item.Type === "EVENT" ? (item.ContentType ?? "").replace(eventPrefix, "") : (item.Type ?? "MESSAGE");
    if (item.RelatedContactId) row.dataset.pastContact = item.RelatedContactId;
    return row;
  }
}

function text(tag: string, kind: string, words: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = kind;
  element.textContent = words;
  return element;
}
