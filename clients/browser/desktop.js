// A company's agent desktop, as pages in public repositories are: amazon-connect-streams and amazon-connect-chatjs as npm has them, told
// the CCP's URL and, by one line, where the chat service is. What happens is written down in `told`, for the judge to read.
"use strict";
const asked = new URLSearchParams(location.search);
const told = [];
const sessions = new Map(); // by contact
const shown = []; // messages, as the chats' sessions gave them
let agent;

const tell = (what) => told.push(what);
addEventListener("error", (event) => tell("error " + event.message));
addEventListener("unhandledrejection", (event) => tell("rejection " + (event.reason?.message ?? JSON.stringify(event.reason))));

connect.ChatSession.setGlobalConfig({ endpoint: asked.get("parley"), loggerConfig: { useDefaultLogger: false } });
const box = document.getElementById("ccp");
if (asked.get("hidden")) box.style.display = "none";
else box.style.cssText = "width: 400px; height: 640px";
connect.core.initCCP(box, {
  ccpUrl: asked.get("ccp"),
  loginPopup: asked.get("popup") !== "no",
  loginPopupAutoClose: true,
  loginOptions: { autoClose: true, height: 600, width: 400, disableAuthPopupAfterLogout: asked.get("again") === "no" },
  region: "us-east-1",
  softphone: { allowFramedSoftphone: true, disableRingtone: true },
  chat: { disableRingtone: true },
  storageAccess: { canRequest: false },
});
const bus = connect.core.getEventBus();
for (const name of ["ACK_TIMEOUT", "TERMINATED", "AUTH_FAIL", "ACCESS_DENIED", "IFRAME_RETRIES_EXHAUSTED"]) {
  if (connect.EventType[name]) bus.subscribe(connect.EventType[name], () => tell(name));
}
connect.core.getUpstream().onUpstream(connect.EventType.TERMINATED, () => tell("terminated"));
connect.core.getUpstream().onUpstream(connect.EventType.ACCESS_DENIED, () => tell("denied"));
connect.core.getUpstream().onUpstream(connect.EventType.UPDATE_CONNECTED_CCPS, ({ length }) => tell("ccps " + length));

connect.agent((a) => {
  if (!agent) tell("agent " + a.getName());
  agent = a;
  a.onStateChange(({ newState, oldState }) => tell(`state ${oldState} > ${newState}`));
  a.onEnqueuedNextState && a.onEnqueuedNextState(() => tell("next " + (a.getNextState()?.name ?? "")));
});
connect.contact((contact) => {
  const id = contact.getContactId();
  const hear = (name) => contact["on" + name]?.(() => tell(`${name} ${id}`));
  tell("contact " + id);
  for (const name of ["Incoming", "Pending", "Connecting", "Accepted", "Connected", "Missed", "ACW", "Ended", "Error", "Destroy"]) hear(name);
  contact.onConnecting(() => openChat(contact)); // pages touch the connections at once
  if (contact.getStatus().type === "connected") openChat(contact);
});

// openChat opens the chat of a contact, and writes down what is said in it.
async function openChat(contact) {
  const id = contact.getContactId();
  const started = performance.now();
  try {
    const connection = contact.getAgentConnection();
    const key = connection.connectionId;
    if (sessions.has(key)) return;
    sessions.set(key, undefined);
    const session = await connection.getMediaController();
    sessions.set(key, session);
    session.onMessage(({ data, chatDetails }) => {
      shown.push({ contact: chatDetails.contactId, type: data.Type, content: data.Content, contentType: data.ContentType, role: data.ParticipantRole, id: data.Id, at: performance.now() });
    });
    session.onEnded?.(() => tell("chat ended " + id));
    session.onConnectionLost?.(() => tell("lost " + id));
    session.onConnectionEstablished?.(() => tell("established " + id));
    tell("media " + id);
    desk.media = performance.now() - started;
  } catch (error) {
    tell(`media failed ${id} ${error?.message ?? JSON.stringify(error)}`);
  }
}

// desk is what the judge does with the page.
const desk = {
  contact: (id) => agent.getContacts().find((c) => c.getContactId() === id),
  done: (call) => new Promise((resolve, reject) => call({ success: (data) => resolve(data ?? null), failure: (error) => reject(new Error(typeof error === "string" ? error : JSON.stringify(error))) })),
  is: (name) => desk.done((callbacks) => agent.setState(agent.getAgentStates().find((s) => s.name === name), callbacks, { enqueueNextState: true })),
  do: (id, what, ...args) => desk.done((callbacks) => desk.contact(id)[what](...args, callbacks)),
  session: (id) => sessions.get(desk.contact(id).getAgentConnection().connectionId),
  say: (id, message) => desk.session(id).sendMessage({ message, contentType: "text/plain" }).then((answer) => answer.data),
  transcript: (id) => desk.session(id).getTranscript({ maxResults: 100, scanDirection: "BACKWARD", sortOrder: "ASCENDING" }).then((answer) => answer.data.Transcript.map((i) => i.Content ?? i.ContentType)),
  endpoints: () => desk.done((callbacks) => agent.getEndpoints(agent.getAllQueueARNs(), callbacks)).then((all) => all.endpoints ?? all.addresses),
  async by(id, what, name) {
    const endpoint = (await desk.endpoints()).find((e) => e.name === name);
    if (!endpoint) throw new Error("no quick connect " + name);
    return desk.do(id, what, endpoint);
  },
  leave: (id) => desk.done((callbacks) => desk.contact(id).getAgentConnection().destroy(callbacks)),
  remove: (id, name) =>
    desk.done((callbacks) => {
      const other = desk.contact(id).getConnections().find((c) => c._getData().chatMediaInfo?.agentName === name);
      if (!other) throw new Error("no agent " + name);
      other.destroy(callbacks);
    }),
  states: (id) => desk.contact(id).getConnections().map((c) => [c.getType(), c.getStatus().type].join(" ")),
  ask: (method, params) => desk.done((callbacks) => connect.core.getClient().call(method, params, callbacks)),
  // acceptAndSay accepts a contact, says something as soon as its chat is open, and returns how long it took until that was shown.
  async acceptAndSay(id, message) {
    const began = performance.now();
    await desk.do(id, "accept");
    while (!desk.session(id)) await new Promise((resolve) => setTimeout(resolve, 1));
    for (;;) {
      try {
        await desk.say(id, message);
        break;
      } catch (error) {
        if (performance.now() - began > 10_000) throw new Error(JSON.stringify(error));
      }
    }
    for (;;) {
      const item = shown.find((i) => i.content === message);
      if (item) return item.at - began;
      if (performance.now() - began > 10_000) throw new Error("not shown");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  },
};
