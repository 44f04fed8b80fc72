// What people see: the gate before the sign-in, and the panel. It is drawn from the snapshot; nothing moves the focus but the agent.
import { endpoints } from "./api";
import { Refused, type Desk } from "./desk";
import { Talk } from "./talk";
import type { Contact, Endpoint, Item, Missing } from "./types";

const offerMs = 20_000;

function $<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function el(name: string, of: Record<string, unknown> = {}, ...inside: (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(of)) {
    if (key in made) (made as unknown as Record<string, unknown>)[key] = value;
    else made.setAttribute(key, String(value));
  }
  made.append(...inside);
  return made;
}

const words: Record<string, string> = {
  connecting: "New chat",
  connected: "Connected",
  ended: "After-contact work",
  error: "Missed",
  participantJoined: "joined",
  participantLeft: "left",
};

function clock(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  return s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

export class View {
  private shown = ""; // the contact that is open
  private talks = new Map<string, Talk>(); // by the agent's participant
  private running = false;
  private drawn = "";

  constructor(
    private desk: Desk,
    private framed: boolean,
  ) {
    desk.on("change", () => this.draw());
    desk.on("up", () => {
      $("network").hidden = true;
      for (const talk of this.talks.values()) if (talk.loaded) this.load(talk);
    });
    desk.on("down", () => ($("network").hidden = !this.running));
    desk.on("item", (item) => this.take(item));
    desk.on("idle", (ends) => {
      $("idle").hidden = ends === undefined;
      if (ends) $("idle").textContent = `You have done nothing for a while, and will be signed out at ${ends.toLocaleTimeString()}. Press a key to stay.`;
    });
    setInterval(() => this.running && this.tick(), 1000);
    $<HTMLSelectElement>("status").onchange = (event) => this.choose((event.target as HTMLSelectElement).value);
    $("sign-out").onclick = () => void this.act(() => desk.signOut(true));
    $<HTMLFormElement>("composer").onsubmit = (event) => {
      event.preventDefault();
      this.send();
    };
    const text = $<HTMLTextAreaElement>("text");
    text.onkeydown = (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.send();
      }
    };
    text.oninput = () => {
      const talk = this.talk();
      if (!talk) return;
      talk.draft = text.value;
      if (text.value) talk.types();
    };
  }

  // gate shows a few words in place of the panel, and at most one thing to do.
  gate(text: string, button?: { label: string; act: () => void }): void {
    this.running = false;
    $("panel").hidden = true;
    $("gate").hidden = false;
    $("sign-in").hidden = true;
    $("gate-words").textContent = text;
    const act = $<HTMLButtonElement>("gate-act");
    act.hidden = !button;
    act.textContent = button?.label ?? "";
    act.onclick = () => button?.act();
  }

  // signIn shows the form. submit returns what is missing when the password was right and a code is needed besides.
  signIn(submit: (input: Record<string, string>) => Promise<Missing | void>): void {
    this.gate("Sign in to take chats.");
    const form = $<HTMLFormElement>("sign-in");
    const problem = $("sign-in-problem");
    const button = form.querySelector("button")!;
    form.hidden = false;
    problem.textContent = "";
    this.ask("password");
    form.querySelector("input")!.focus();
    form.onsubmit = async (event) => {
      event.preventDefault();
      button.disabled = true;
      problem.textContent = "";
      const input: Record<string, string> = {};
      for (const [name, value] of new FormData(form)) if (typeof value === "string" && value) input[name] = value;
      try {
        const missing = await submit(input);
        form.reset();
        if (missing) this.ask("code", missing);
      } catch (error) {
        const message = error instanceof Refused ? error.problem.message : String(error);
        problem.textContent = message;
        if (/^instance is required/.test(message)) {
          $("instance-field").hidden = false;
          $("instance-field").querySelector("input")!.focus();
        }
      }
      button.disabled = false;
    };
  }

  // ask shows the fields of a step of signing in. What is hidden is disabled too: it is neither sent nor required.
  private ask(step: "password" | "code", missing?: Missing): void {
    for (const [id, shown] of [["password-step", step === "password"], ["code-step", step === "code"]] as const) {
      $(id).hidden = !shown;
      $<HTMLFieldSetElement>(id).disabled = !shown;
    }
    $("enrolment").hidden = !missing?.secret;
    $("secret").textContent = missing?.secret?.replace(/(.{4})(?=.)/g, "$1 ") ?? "";
    $<HTMLAnchorElement>("otpauth").href = missing?.uri?.startsWith("otpauth:") ? missing.uri : "#";
    if (step === "code") $("code-step").querySelector("input")!.focus();
  }

  // work shows the panel.
  work(): void {
    this.running = true;
    this.talks.clear();
    this.shown = this.drawn = "";
    $("gate").hidden = true;
    $("panel").hidden = false;
    $("sign-out").hidden = this.framed;
    this.draw();
  }

  private contacts(): Contact[] {
    return this.desk.snapshot?.contacts ?? [];
  }

  private contact(): Contact | undefined {
    return this.contacts().find((c) => c.contactId === this.shown);
  }

  private talk(contact = this.contact()): Talk | undefined {
    if (!contact) return undefined;
    const own = ownOf(contact).connectionId;
    let talk = this.talks.get(own);
    if (!talk) {
      talk = new Talk(this.desk, contact.contactId, own, () => this.contact()?.contactId === contact.contactId && this.drawLog());
      this.talks.set(own, talk);
    }
    return talk;
  }

  private take(item: Item): void {
    for (const contact of this.contacts()) {
      if (contact.contactId === item.ContactId || contact.initialContactId === item.InitialContactId || contact.contactId === item.InitialContactId) {
        this.talk(contact)?.take(item);
      }
    }
  }

  private load(talk: Talk): void {
    talk.load().catch(() => undefined);
  }

  // visible says that this page is not in a frame that is hidden: such a frame reads no transcripts.
  private visible(): boolean {
    return !this.framed || innerWidth > 0;
  }

  private async act(what: () => Promise<unknown>): Promise<void> {
    const problem = $("problem");
    problem.hidden = true;
    try {
      await what();
    } catch (error) {
      problem.textContent = error instanceof Refused ? error.problem.message : String(error);
      problem.hidden = false;
    }
  }

  private choose(arn: string): void {
    const live = this.contacts().some((c) => ["connecting", "connected"].includes(c.state.type));
    void this.act(() => this.desk.ask("PUT", "state", { agentStateARN: arn, enqueueNextState: live })).then(() => this.draw());
  }

  private send(): void {
    const field = $<HTMLTextAreaElement>("text");
    const talk = this.talk();
    const text = field.value.trim();
    if (!talk || !text) return;
    field.value = talk.draft = "";
    void this.act(async () => {
      try {
        await talk.send(text);
      } catch (error) {
        talk.draft = text; // what was not sent is not lost
        if (this.talk() === talk && !field.value) field.value = text;
        throw error;
      }
    });
  }

  private draw(): void {
    const { snapshot, configuration } = this.desk;
    if (!this.running || !snapshot || !configuration) return;
    const status = $<HTMLSelectElement>("status");
    const states = configuration.agentStates.some((s) => s.agentStateARN === snapshot.state.agentStateARN) ? configuration.agentStates : [snapshot.state, ...configuration.agentStates];
    status.replaceChildren(...states.map((s) => new Option(s.name, s.agentStateARN)));
    status.value = snapshot.state.agentStateARN;
    $("panel").dataset.state = snapshot.state.type;
    $("next").hidden = !snapshot.nextState;
    $("next").textContent = snapshot.nextState ? `${snapshot.nextState.name} when your contacts are over.` : "";
    const open = new Set(snapshot.contacts.map((c) => ownOf(c).connectionId));
    for (const own of this.talks.keys()) if (!open.has(own)) this.talks.delete(own);
    for (const contact of snapshot.contacts) if (contact.state.type === "connecting" && !this.drawn.includes(contact.contactId)) this.announce(`New chat from ${nameOf(contact)}.`);
    this.drawn = snapshot.contacts.map((c) => c.contactId).join();
    if (!this.contact()) this.shown = snapshot.contacts[0]?.contactId ?? "";
    this.drawList();
    this.drawContact();
    this.tick();
    if (!this.framed) document.title = (snapshot.contacts.some((c) => c.state.type === "connecting") ? "(new chat) " : "") + "Contact Control Panel";
  }

  private announce(text: string): void {
    $("said").textContent = text;
  }

  private drawList(): void {
    const list = $("contacts");
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.key;
    list.replaceChildren(
      ...this.contacts().map((contact) => {
        const { contactId: id, state } = contact;
        const row = el("li", { className: `contact ${state.type}` });
        const open = el("button", { className: "open", "data-key": "open " + id, "aria-current": id === this.shown ? "true" : "false", onclick: () => this.open(id) });
        open.append(el("span", { className: "who" }, nameOf(contact)), el("span", { className: "quiet" }, [labelOf(contact), contact.queue?.name].filter(Boolean).join(" · ")), el("span", { className: "time", "data-since": state.timestamp.getTime(), "data-of": state.type }));
        row.append(open);
        if (state.type === "connecting") {
          row.append(
            el("div", { className: "row" }, this.button("Accept", "accept " + id, () => this.accept(id), "main", `Accept the chat of ${nameOf(contact)}`), this.button("Reject", "reject " + id, () => this.post(id, "reject"), "", `Reject the chat of ${nameOf(contact)}`)),
          );
        }
        return row;
      }),
    );
    const nothing = $("nothing");
    nothing.hidden = this.contacts().length > 0;
    nothing.textContent = this.desk.snapshot?.state.type === "routable" ? "No chats. New ones appear here." : "You get no chats in this status.";
    if (focused) list.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  private button(label: string, key: string, act: () => unknown, className = "", described = ""): HTMLElement {
    return el("button", { type: "button", className, "data-key": key, onclick: act, ...(described && { "aria-label": described }) }, label);
  }

  private open(id: string): void {
    this.shown = id;
    this.draw();
  }

  private post(id: string, operation: string, body?: unknown): Promise<void> {
    return this.act(() => this.desk.ask("POST", `contacts/${id}/${operation}`, body));
  }

  private async accept(id: string): Promise<void> {
    this.shown = id;
    await this.post(id, "accept");
    await this.desk.until(() => this.desk.contact(id)?.state.type !== "connecting");
    this.draw();
    if (this.shown === id) $("text").focus();
  }

  private drawContact(): void {
    const contact = this.contact();
    const section = $("contact");
    section.hidden = !contact;
    $("panel").classList.toggle("talking", !!contact);
    if (!contact) return;
    const { contactId: id, state } = contact;
    const talk = this.talk(contact)!;
    const mine = ownOf(contact);
    const monitoring = mine.type === "monitoring";
    const connected = state.type === "connected";
    $("name").textContent = nameOf(contact);
    $("about").textContent = [labelOf(contact), contact.queue?.name].filter(Boolean).join(" · ");
    const attributes = Object.values(contact.attributes ?? {});
    $("attributes").hidden = attributes.length === 0;
    $("attributes").querySelector("dl")!.replaceChildren(...attributes.flatMap((a) => [el("dt", {}, a.name), el("dd", {}, a.value)]));
    const others = contact.connections.filter((c) => c !== mine && !c.initial && c.state.type !== "disconnected");
    $("people").replaceChildren(
      ...others.map((c) => {
        const name = c.chatMediaInfo?.agentName || "An agent";
        return el("li", {}, `${name}${c.state.type === "connecting" ? ", invited" : ""} `, this.button("Remove", "remove " + c.connectionId, () => this.act(() => this.desk.ask("DELETE", `contacts/${id}/connections/${c.connectionId}`)), "", `Remove ${name}`));
      }),
    );
    const field = $<HTMLTextAreaElement>("text");
    if (field.dataset.of !== mine.connectionId) {
      field.dataset.of = mine.connectionId;
      field.value = talk.draft;
    }
    $("composer").hidden = !connected || (monitoring && mine.state.type === "silent_monitor");
    const mayTransfer = this.desk.session?.permissions.includes("TransferDestinations.View");
    const acts = $("acts");
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.key;
    acts.replaceChildren(
      ...(connected && !monitoring
        ? [
            ...(mayTransfer ? [this.button("Transfer", "transfer", () => this.choosing("Transfer", "You leave the chat when the transfer has begun.", "transfer", id)), this.button("Add an agent", "invite", () => this.choosing("Add an agent", "The agent joins the conversation.", "invite", id))] : []),
            this.button("End chat", "leave", () => this.post(id, "leave"), "bad"),
          ]
        : connected
          ? [this.button("Stop listening", "leave", () => this.post(id, "leave"), "bad")]
          : state.type === "connecting"
            ? [el("p", { className: "quiet" }, "Accept the chat to read and answer it.")]
            : [el("p", { className: "quiet" }, ending(contact)), this.button("Clear contact", "clear", () => this.post(id, "clear"), "main")]),
    );
    if (focused) acts.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    if (!talk.loaded && (connected || state.type === "ended") && this.visible()) this.load(talk);
    this.drawLog();
  }

  private drawLog(): void {
    const contact = this.contact();
    const log = $("log");
    const talk = this.talk(contact);
    if (!contact || !talk) return;
    const pinned = log.scrollTop + log.clientHeight > log.scrollHeight - 48;
    if (log.dataset.of !== talk.own) {
      log.dataset.of = talk.own;
      log.replaceChildren();
    }
    const have = new Map([...log.children].map((row) => [(row as HTMLElement).dataset.id, row]));
    let before: Element | null = log.firstElementChild;
    for (const item of talk.items) {
      const there = have.get(item.Id);
      if (there) {
        before = there.nextElementSibling;
        continue;
      }
      const row = this.row(item, talk.own);
      if (row) log.insertBefore(row, before);
    }
    $("typing").textContent = talk.typing ? `${talk.typing} is typing…` : "";
    if (pinned) log.scrollTop = log.scrollHeight;
  }

  private row(item: Item, own: string): HTMLElement | undefined {
    const at = new Date(item.AbsoluteTime);
    const time = el("time", { dateTime: item.AbsoluteTime, title: at.toLocaleString() }, at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
    const who = item.DisplayName || (item.ParticipantRole === "CUSTOMER" ? "Customer" : item.ParticipantRole === "SYSTEM" ? "System" : "Agent");
    if (item.Type === "MESSAGE") {
      const mine = item.ParticipantId === own;
      return el("div", { className: mine ? "mine" : "theirs", "data-id": item.Id }, el("span", { className: "who" }, mine ? "You" : who, " ", time), el("p", { className: "said" }, textOf(item)));
    }
    if (item.Type === "ATTACHMENT") return el("div", { className: "note", "data-id": item.Id }, `${who} sent a file. `, time);
    if (item.Type === "NOTE") return el("div", { className: "note", "data-id": item.Id }, `Note by ${who}: ${item.Content ?? ""} `, time);
    const event = item.ContentType.replace(/^.*event\./, "");
    const note = { "participant.joined": `${who} joined`, "participant.left": `${who} left`, "participant.invited": "Another agent was invited", "chat.ended": "The chat has ended", "transfer.succeeded": "The chat was transferred", "transfer.failed": "The transfer failed. The chat goes on with you." }[event];
    return note ? el("div", { className: "note", "data-id": item.Id }, note + " ", time) : undefined;
  }

  // choosing asks for a quick connect.
  private choosing(title: string, text: string, operation: string, id: string): void {
    void this.act(async () => {
      const all = (await endpoints(this.desk, undefined)).filter((e) => e.type !== "phone_number" && (operation === "transfer" || e.type === "agent"));
      if (all.length === 0) throw new Refused({ type: "", message: "The queues of your routing profile have no quick connects for that.", status: 0 });
      const dialog = $<HTMLDialogElement>("to");
      const list = $<HTMLSelectElement>("to-whom");
      $("to-title").textContent = title;
      $("to-words").textContent = text;
      list.replaceChildren(...all.map((e: Endpoint) => new Option(`${e.name} (${e.type})`, e.endpointARN)));
      list.selectedIndex = 0;
      dialog.returnValue = "";
      dialog.showModal();
      await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
      if (dialog.returnValue === "go") await this.desk.ask("POST", `contacts/${id}/${operation}`, { endpointARN: list.value });
    });
  }

  private tick(): void {
    const { snapshot } = this.desk;
    if (!snapshot) return;
    const now = Date.now() + Number(snapshot.skew ?? 0);
    $("since").textContent = snapshot.state.startTimestamp ? clock(now - snapshot.state.startTimestamp.getTime()) : "";
    for (const time of document.querySelectorAll<HTMLElement>("[data-since]")) {
      const passed = now - Number(time.dataset.since);
      const left = time.dataset.of === "connecting" ? offerMs - passed : passed;
      time.textContent = time.dataset.of === "connecting" ? `${Math.max(0, Math.ceil(left / 1000))} s` : clock(left);
      time.classList.toggle("late", time.dataset.of === "connecting" && left <= 5000);
    }
  }
}

function ownOf(contact: Contact) {
  return contact.connections.find((c) => c.type === "agent" || c.type === "monitoring") ?? contact.connections[0]!;
}

function nameOf(contact: Contact): string {
  return contact.connections.find((c) => c.initial)?.chatMediaInfo?.customerName || "Customer";
}

function labelOf(contact: Contact): string {
  const own = ownOf(contact);
  if (contact.state.type === "error") return own.state.type === "rejected" ? "Rejected" : "Missed";
  if (contact.state.type === "connected" && own.type === "monitoring") return own.state.type === "barge" ? "Barged in" : "Listening";
  return words[contact.state.type] ?? contact.state.type;
}

function ending(contact: Contact): string {
  if (contact.state.type === "ended") return "The chat is over. Clear the contact when your work on it is done.";
  return labelOf(contact) + ". It takes one of your places until you clear it.";
}

// textOf is what an item says. What is no text, such as an interactive message, is shown by its title.
function textOf(item: Item): string {
  if (item.ContentType.startsWith("text/")) return item.Content ?? "";
  try {
    const content = JSON.parse(item.Content ?? "") as { data?: { content?: { title?: string } } };
    return content.data?.content?.title ?? item.ContentType;
  } catch {
    return item.Content ?? "";
  }
}
