// The plain page: it starts a chat and talks, with the unmodified amazon-connect-chatjs doing all the talking to the
// service. Tokens live in sessionStorage, so that a reload comes back to the chat and a closed tab forgets it.
import "amazon-connect-chatjs";
import { Conversation, type Item } from "./conversation";

type Details = { ContactId: string; ParticipantId: string; ParticipantToken: string; ContinuedFromContactId?: string };
type Chat = Details & { name: string };
type State = "idle" | "connecting" | "open" | "lost" | "ended" | "broken";

const stateWords: Record<State, string> = {
  idle: "Not connected",
  connecting: "Connecting…",
  open: "Connected",
  lost: "Connection lost, coming back…",
  ended: "Ended",
  broken: "Connection broken. Reload the page to go on.",
};
const eventPrefix = "application/vnd.amazonaws.connect.event.";
const typingShownFor = 12_000; // a little over the 10 s at which chatjs repeats a typing event
const pageSize = 15;
const kept = "parley.chat";

function $<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}
const main = $("chat");
const startForm = $<HTMLFormElement>("start");
const nameField = $<HTMLInputElement>("name");
const room = $("room");
const composer = $<HTMLFormElement>("composer");
const textField = $<HTMLTextAreaElement>("text");
const backForm = $<HTMLFormElement>("back");
const rehydration = $<HTMLSelectElement>("rehydration");
const olderButton = $<HTMLButtonElement>("older");
const endButton = $<HTMLButtonElement>("end");

let chat: Chat | null = null;
let session: connect.CustomerChatSession | null = null;
const conversation = new Conversation($<HTMLOListElement>("log"), "");
let olderToken: string | undefined;
let typingUntil: ReturnType<typeof setTimeout> | undefined;

connect.ChatSession.setGlobalConfig({
  endpoint: location.origin,
  loggerConfig: { useDefaultLogger: true, level: connect.ChatSession.LogLevel.ERROR },
} as unknown as connect.ChatGlobalConfig);

function show(state: State): void {
  main.dataset.state = state;
  $("state").textContent = stateWords[state];
  const talking = state === "open" || state === "lost" || state === "connecting";
  startForm.hidden = state !== "idle";
  room.hidden = state === "idle";
  composer.hidden = !talking;
  endButton.hidden = !talking;
  backForm.hidden = state !== "ended";
  for (const control of [composer.querySelector("button"), endButton, olderButton]) {
    if (control) control.disabled = state !== "open";
  }
}

function complain(words: string): void {
  const problem = $("problem");
  problem.textContent = words;
  problem.hidden = words === "";
}

function reason(error: unknown): string {
  if (typeof error === "string") return error;
  const e = error as { message?: string; _debug?: unknown } | null;
  return e?.message ?? (e?._debug ? reason(e._debug) : "The service did not answer.");
}

async function startChat(name: string, persistent?: { SourceContactId: string; RehydrationType: string }): Promise<Details> {
  const answer = await fetch("/_parley/start", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ DisplayName: name, Attributes: {}, ...(persistent && { PersistentChat: persistent }) }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ?? body.Message ?? `The chat could not start (${answer.status}).`);
  return body as Details;
}

async function open(next: Chat): Promise<void> {
  chat = next;
  sessionStorage.setItem(kept, JSON.stringify(next));
  main.dataset.contact = next.ContactId;
  conversation.continueAs(next.ParticipantId);
  olderToken = undefined;
  olderButton.hidden = true;
  show("connecting");
  const opened = connect.ChatSession.create({
    chatDetails: { contactId: next.ContactId, participantId: next.ParticipantId, participantToken: next.ParticipantToken },
    type: "CUSTOMER",
    disableCSM: true,
  } as connect.CustomerChatSessionArgs);
  session = opened;
  listen(opened);
  await opened.connect();
}

// Nothing is replayed by the socket: whatever was said while it was away comes from the transcript, every time that
// the connection is there again.
function listen(to: connect.CustomerChatSession): void {
  to.onConnectionEstablished(() => {
    if (to !== session) return;
    show("open");
    catchUp(to).catch((error) => complain(reason(error)));
  });
  to.onConnectionLost(() => to === session && main.dataset.state === "open" && show("lost"));
  to.onConnectionBroken(() => to === session && main.dataset.state !== "ended" && show("broken"));
  to.onMessage((event) => to === session && receive(event.data as unknown as Item));
  to.onTyping((event) => to === session && typing(event.data as unknown as Item));
  to.onDeliveredReceipt((event) => receipt(event.data as unknown as Item, "Delivered"));
  to.onReadReceipt((event) => receipt(event.data as unknown as Item, "Read"));
  to.onEnded(() => to === session && ended());
}

async function catchUp(from: connect.CustomerChatSession): Promise<void> {
  const first = olderToken === undefined;
  for (let token: string | undefined, known = false; !known; ) {
    const page = await readPage(from, token);
    if (token && page.items.some((item) => item.RelatedContactId)) return; // of a past session: read when asked for
    known = page.items.some((item) => conversation.has(item.Id));
    page.items.forEach(receive);
    token = page.next;
    if (first || !token) {
      rememberOlder(token ?? "");
      return;
    }
  }
}

async function readPage(from: connect.CustomerChatSession, token?: string): Promise<{ items: Item[]; next?: string }> {
  const answer = await from.getTranscript({
    scanDirection: "BACKWARD",
    sortOrder: "ASCENDING",
    maxResults: pageSize,
    ...(token && { nextToken: token }),
  } as connect.GetTranscriptArgs);
  const data = answer.data as unknown as { Transcript?: Item[]; NextToken?: string };
  return { items: data.Transcript ?? [], next: data.NextToken || undefined };
}

function rememberOlder(token: string): void {
  olderToken = token;
  olderButton.hidden = token === "";
}

function receive(item: Item): void {
  if (item.ParticipantId) stopTyping();
  const fresh = !conversation.has(item.Id);
  conversation.add(item);
  if (fresh && chat && item.Type === "MESSAGE" && item.ParticipantRole !== "SYSTEM" && item.ContactId === chat.ContactId) {
    if (item.ParticipantId !== chat.ParticipantId) acknowledge(item.Id);
  }
}

// chatjs throttles receipts and drops a delivered receipt that a read one has overtaken; a receipt that is refused,
// as one is when the chat has just ended, is no concern of the customer's.
function acknowledge(messageId: string): void {
  const read = document.visibilityState === "visible" ? ["delivered", "read"] : ["delivered"];
  for (const kind of read) {
    session
      ?.sendEvent({
        contentType: `${eventPrefix}message.${kind}`,
        content: JSON.stringify({ messageId }),
      } as connect.SendEventArgs)
      .catch(() => undefined);
  }
}

function receipt(item: Item, to: "Delivered" | "Read"): void {
  const messageId = item.MessageMetadata?.MessageId;
  if (messageId) conversation.progress(messageId, to);
}

function typing(item: Item): void {
  if (item.ParticipantId === chat?.ParticipantId) return;
  $("typing").textContent = `${item.DisplayName ?? "Someone"} is typing…`;
  clearTimeout(typingUntil);
  typingUntil = setTimeout(stopTyping, typingShownFor);
}

function stopTyping(): void {
  clearTimeout(typingUntil);
  $("typing").textContent = "";
}

function ended(): void {
  stopTyping();
  show("ended");
  if (chat) sessionStorage.setItem(kept, JSON.stringify({ ...chat, ParticipantToken: "" }));
  backForm.querySelector("button")?.focus();
}

async function send(): Promise<void> {
  const message = textField.value;
  if (!chat || !session || message.trim() === "") return;
  textField.value = "";
  const temporary = crypto.randomUUID();
  conversation.pending(temporary, message, chat.name);
  try {
    const answer = await session.sendMessage({ message, contentType: "text/plain" } as connect.SendMessageArgs);
    const data = answer.data as unknown as { Id: string; AbsoluteTime: string };
    conversation.settle(temporary, data.Id, data.AbsoluteTime);
  } catch (error) {
    conversation.fail(temporary);
    complain(`Your message was not sent: ${reason(error)}`);
  }
}

// Every button's work: the last complaint is gone when it begins, and a new one is shown when it fails.
function doing(work: () => Promise<void>): (event?: Event) => void {
  return (event) => {
    event?.preventDefault();
    complain("");
    work().catch((error) => {
      complain(reason(error));
      if (main.dataset.state === "connecting") show(chat ? "broken" : "idle");
    });
  };
}

startForm.addEventListener(
  "submit",
  doing(async () => {
    const name = nameField.value;
    const details = await startChat(name);
    conversation.clear();
    await open({ ...details, name });
    textField.focus();
  }),
);

backForm.addEventListener(
  "submit",
  doing(async () => {
    if (!chat) return;
    const { name, ContactId } = chat;
    const details = await startChat(name, { SourceContactId: ContactId, RehydrationType: rehydration.value });
    conversation.clear();
    await open({ ...details, name });
    textField.focus();
  }),
);

$("fresh").addEventListener("click", () => {
  sessionStorage.removeItem(kept);
  conversation.clear();
  chat = null;
  show("idle");
  nameField.focus();
});

endButton.addEventListener(
  "click",
  doing(async () => {
    await session?.disconnectParticipant();
  }),
);

olderButton.addEventListener(
  "click",
  doing(async () => {
    // A page may hold nothing new: the first, read when there was little, and those after it reach further back.
    for (let fresh = false; session && olderToken && !fresh; ) {
      const page = await readPage(session, olderToken);
      fresh = page.items.some((item) => !conversation.has(item.Id));
      page.items.forEach((item) => conversation.add(item));
      rememberOlder(page.next ?? "");
    }
  }),
);

composer.addEventListener("submit", doing(send));
textField.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) doing(send)(event);
});
textField.addEventListener("input", () => {
  session?.sendEvent({ contentType: `${eventPrefix}typing` } as connect.SendEventArgs)?.catch(() => undefined);
});

function comeBackAfterReload(): void {
  const saved = sessionStorage.getItem(kept);
  if (!saved) return show("idle");
  const last = JSON.parse(saved) as Chat;
  if (last.ParticipantToken) return doing(() => open(last))();
  chat = last;
  show("ended");
}
comeBackAfterReload();
