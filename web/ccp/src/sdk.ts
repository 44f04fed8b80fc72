// The second channel of a page: that of Amazon Connect's SDK (@amazon-connect/*), which amazon-connect-streams opens beside the conduit and
// asks before it opens a chat. A frame offers a MessagePort; requests and subscriptions come over it. What is asked for is in one table, by
// namespace and command; what is not in it is refused at once.
import { call, endpoints, problemOf, refuse } from "./api";
import type { Desk } from "./desk";
import type { Connection, Contact, State } from "./types";

type Data = Record<string, any>;
type Handler = (desk: Desk, data: Data) => unknown;
type Topic = { namespace: string; key: string; parameter?: string };

const namespace = "aws.connect.contact";
const healthEvery = 10_000;

function contactOf(desk: Desk, data: Data): Contact {
  const contact = desk.contact(data.contactId);
  if (!contact) throw refuse("ContactNotFoundException", "The agent has no such contact", 404);
  return contact;
}

function profile(desk: Desk) {
  return desk.configuration!.routingProfile;
}

function participant(contact: Contact, c: Connection) {
  const isSelf = c.type === "agent" || c.type === "monitoring";
  return { participantId: c.connectionId, contactId: contact.contactId, type: { value: c.type }, isInitial: c.initial, isSelf };
}

function participantOf(desk: Desk, data: Data): [Contact, Connection] {
  for (const contact of desk.snapshot!.contacts) {
    const connection = contact.connections.find((c) => c.connectionId === data.participantId);
    if (connection) return [contact, connection];
  }
  throw refuse("ResourceNotFoundException", "The agent's contacts have no such participant", 404);
}

const stateOf = (c: Connection) => ({ value: c.state.type });

function core(contact: Contact) {
  return {
    contactId: contact.contactId,
    initialContactId: contact.initialContactId ?? undefined,
    type: contact.type,
    subtype: contact.segmentAttributes?.["connect:Subtype"]?.ValueString ?? "connect:Chat",
  };
}

async function setState(desk: Desk, wanted: State | undefined) {
  if (!wanted) throw refuse("ResourceNotFoundException", "There is no such state", 404);
  const live = desk.snapshot!.contacts.some((c) => ["connecting", "connected"].includes(c.state.type));
  await call(desk, "putAgentState", { state: wanted, enqueueNextState: live });
  await desk.until(() => [desk.snapshot?.state.agentStateARN, desk.snapshot?.nextState?.agentStateARN].includes(wanted.agentStateARN));
  const { state, nextState } = desk.snapshot!;
  return nextState ? { status: "queued", current: state, next: nextState } : { status: "updated", current: state };
}

const states = (desk: Desk) => desk.configuration!.agentStates;
const own = (contact: Contact) => contact.connections.find((c) => c.type === "agent" || c.type === "monitoring")!;

// contactAnd makes a request of a page's out of one of the SDK's.
const contactAnd =
  (method: string, more: (desk: Desk, data: Data) => Data = () => ({})): Handler =>
  async (desk, data) => {
    await call(desk, method, { contactId: data.contactId, ...more(desk, data) });
    return {};
  };

const handlers: Record<string, Record<string, Handler>> = {
  [namespace]: {
    "agent/getARN": (desk) => ({ ARN: desk.configuration!.agentARN }),
    "agent/getName": (desk) => ({ name: desk.configuration!.name }),
    "agent/getState": (desk) => desk.snapshot!.state,
    "agent/getAvailabilityState": ({ snapshot }) => ({ ...snapshot!.state, ...(snapshot!.nextState && { nextState: snapshot!.nextState }) }),
    "agent/getRoutingProfile": profile,
    "agent/getRoutingProfileQueues": (desk) => profile(desk).queues,
    "agent/getDefaultOutboundQueue": (desk) => profile(desk).defaultOutboundQueue,
    "agent/getChannelConcurrency": (desk) => profile(desk).channelConcurrencyMap,
    "agent/getExtension": (desk) => ({ extension: desk.configuration!.extension || null }),
    "agent/getDialableCountries": (desk) => ({ dialableCountries: desk.configuration!.dialableCountries }),
    "agent/listAvailabilityStates": states,
    "agent/setAvailabilityState": (desk, { agentStateARN }) => setState(desk, states(desk).find((s) => s.agentStateARN === agentStateARN)),
    "agent/setAvailabilityStateByName": (desk, { agentStateName }) => setState(desk, states(desk).find((s) => s.name === agentStateName)),
    "agent/setOffline": (desk) => setState(desk, states(desk).find((s) => s.type === "offline")),
    "agent/listQuickConnects": async (desk, { queueARNs, options }) => {
      const all = await endpoints(desk, typeof queueARNs === "string" ? [queueARNs] : queueARNs);
      return { quickConnects: all.slice(0, options?.maxResults ?? 500), nextToken: null };
    },
    "agent/listSecurityProfilePermissions": (desk) => ({ permissions: desk.session!.permissions }),
    "agent/getNetworkConnectionStatus": (desk) => network(desk),
    "contact/getInstanceDetails": (desk) => ({ origin: location.origin, region: regionOf(desk) }),
    "contact/getAttributes": (desk, data) => {
      const all = Object.values(contactOf(desk, data).attributes ?? {});
      const wanted = Array.isArray(data.attributes) ? all.filter((a) => data.attributes.includes(a.name)) : all;
      return Object.fromEntries(wanted.map((a) => [a.name, a.value]));
    },
    "contact/getInitialContactId": (desk, data) => ({ initialContactId: contactOf(desk, data).initialContactId ?? undefined }),
    "contact/getType": (desk, data) => ({ type: contactOf(desk, data).type }),
    "contact/getChannelType": (desk, data) => {
      const { type, subtype } = core(contactOf(desk, data));
      return { type, subtype };
    },
    "contact/getStateDuration": (desk, data) => ({ stateDuration: Date.now() + Number(desk.snapshot!.skew) - contactOf(desk, data).state.timestamp.getTime() }),
    "contact/getQueue": (desk, data) => contactOf(desk, data).queue,
    "contact/getQueueTimestamp": (desk, data) => ({ queueTimestamp: contactOf(desk, data).queueTimestamp ?? undefined }),
    "contact/getDescription": (desk, data) => ({ description: contactOf(desk, data).description }),
    "contact/getReferences": (desk, data) => ({ references: contactOf(desk, data).references ?? {} }),
    "contact/getContact": (desk, data) => {
      const contact = contactOf(desk, data);
      return { ...core(contact), queue: contact.queue };
    },
    "contact/listContacts": (desk) => desk.snapshot!.contacts.map(core),
    "contact/getContactRegion": (desk) => ({ region: regionOf(desk) }),
    "contact/accept": contactAnd("acceptContact"),
    "contact/reject": contactAnd("rejectContact"),
    "contact/clear": contactAnd("clearContact"),
    "contact/disconnectSelf": contactAnd("destroyConnection", (desk, data) => ({ connectionId: own(contactOf(desk, data)).connectionId })),
    "contact/transfer": contactAnd("transferContact", (_, data) => ({ endpoint: data.quickConnect })),
    "contact/addParticipant": async (desk, data) => {
      const before = new Set(contactOf(desk, data).connections.map((c) => c.connectionId));
      await call(desk, "addNewConnection", { contactId: data.contactId, endpoint: data.quickConnect });
      const made = () => desk.contact(data.contactId)?.connections.find((c) => !before.has(c.connectionId));
      await desk.until(() => made() !== undefined);
      return { participantId: made()?.connectionId };
    },
    "contact/isAutoAcceptEnabled": (desk, data) => ({ isAutoAcceptEnabled: contactOf(desk, data).agentContactHandlingConfig.autoAccept }),
    "contact/isPreviewMode": (desk, data) => (contactOf(desk, data), { isPreviewMode: false }),
    "contact/listParticipants": (desk, data) => {
      const contact = contactOf(desk, data);
      return contact.connections.map((c) => participant(contact, c));
    },
    "contact/getParticipant": (desk, data) => participant(...participantOf(desk, data)),
    "contact/getParticipantState": (desk, data) => stateOf(participantOf(desk, data)[1]),
    "contact/disconnectParticipant": async (desk, data) => {
      const [contact, { connectionId }] = participantOf(desk, data);
      await call(desk, "destroyConnection", { contactId: contact.contactId, connectionId });
      return {};
    },
  },
};

const regionOf = (desk: Desk) => desk.configuration!.agentARN.split(":")[3];
const network = (desk: Desk) => ({ status: desk.connected ? "connected" : "disconnected", timestamp: Date.now() });

const contactTopics: Record<string, string[]> = {
  incoming: ["incoming"],
  connecting: ["connecting"],
  connected: ["connected"],
  ended: ["acw"],
  error: ["error"],
  pending: ["pending"],
};

type Seen = { state: State; next: State | null; profile: string; contacts: Map<string, Contact> };

export class Sdk {
  private port: MessagePort;
  private subscriptions = new Map<string, { topic: Topic; handlerId: string }>();
  private beats = 0;
  private seen?: Seen;
  private closed = false;

  constructor(
    private desk: Desk,
    page: Window,
    origin: string,
  ) {
    const channel = new MessageChannel();
    this.port = channel.port1;
    this.port.onmessage = ({ data }) => this.receive(data);
    page.postMessage({ type: "cross-domain-adapter-init" }, origin, [channel.port2]);
    this.look();
    desk.on("change", () => this.closed || this.look());
    desk.on("up", () => this.publish("agent/networkConnectionStatusChanged", network(desk)));
    desk.on("down", () => this.publish("agent/networkConnectionStatusChanged", network(desk)));
  }

  close(): void {
    this.closed = true;
    this.port.close();
  }

  private receive(message: Data | null): void {
    switch (message?.type) {
      case "cross-domain-site-ready":
        this.port.postMessage({
          type: "acknowledge",
          connectionId: crypto.randomUUID(),
          status: { initialized: true, startTime: new Date() },
          healthCheckInterval: healthEvery,
        });
        return;
      case "healthCheck":
        return this.port.postMessage({ type: "healthCheckResponse", time: Date.now(), counter: ++this.beats });
      case "request":
        return void this.answer(message);
      case "subscribe":
        if (this.subscriptions.size < 1000) this.subscriptions.set(keyOf(message), { topic: message.topic, handlerId: String(message.handlerId) });
        return;
      case "unsubscribe":
        this.subscriptions.delete(keyOf(message));
    }
  }

  private async answer({ namespace: of, command, requestId, data }: Data): Promise<void> {
    const table = typeof of === "string" && Object.hasOwn(handlers, of) ? handlers[of]! : {};
    const handler = typeof command === "string" && Object.hasOwn(table, command) ? table[command] : undefined;
    const fail = (errorKey: string, reason: string, details: Data) => this.port.postMessage({ type: "response", namespace: of, requestId, isError: true, errorKey, reason, details });
    if (!handler) return fail("handlerNotFound", "No handler for command", { command, requestData: data });
    try {
      if (!this.desk.snapshot) await this.desk.until(() => !!this.desk.snapshot);
      if (!this.desk.snapshot) throw refuse("UnauthorizedException", "The session has ended. Sign in again.", 401);
      this.port.postMessage({ type: "response", namespace: of, requestId, isError: false, data: await handler(this.desk, typeof data === "object" && data ? data : {}) });
    } catch (error) {
      const { type, message, statusCode } = problemOf(error);
      fail("requestFailed", message, { command, requestData: data, type, statusCode });
    }
  }

  private publish(key: string, data: unknown, parameter?: string): void {
    if (this.closed) return;
    for (const { topic, handlerId } of this.subscriptions.values()) {
      if (topic.namespace === namespace && topic.key === key && (topic.parameter === undefined || topic.parameter === parameter)) {
        this.port.postMessage({ type: "publish", topic, data, handlerId });
      }
    }
  }

  // look publishes what has changed since the last snapshot.
  private look(): void {
    const { snapshot, configuration } = this.desk;
    if (!snapshot || !configuration) return;
    const before = this.seen;
    this.seen = { state: snapshot.state, next: snapshot.nextState, profile: JSON.stringify(configuration.routingProfile), contacts: new Map(snapshot.contacts.map((c) => [c.contactId, c])) };
    if (!before) return;
    if (before.state.agentStateARN !== snapshot.state.agentStateARN) {
      this.publish("agent/stateChange", { state: snapshot.state.name, previous: { state: before.state.name } });
      this.publish("agent/availabilityStateChanged", { state: snapshot.state, previous: { state: before.state } });
    }
    if (before.next?.agentStateARN !== snapshot.nextState?.agentStateARN) {
      this.publish("agent/nextAvailabilityStateChanged", { nextState: snapshot.nextState, ...(before.next && { previous: { nextState: before.next } }) });
    }
    if (before.profile !== this.seen.profile) {
      const was = JSON.parse(before.profile) as typeof configuration.routingProfile;
      this.publish("agent/routingProfileChanged", { routingProfile: configuration.routingProfile, previous: { routingProfile: was } });
      const [now, then] = [channels(configuration.routingProfile.channelConcurrencyMap), channels(was.channelConcurrencyMap)];
      if (now.join() !== then.join()) this.publish("agent/enabledChannelListChanged", { enabledChannels: now, previous: { enabledChannels: then } });
    }
    for (const contact of snapshot.contacts) this.compare(before.contacts.get(contact.contactId), contact);
    for (const [id, contact] of before.contacts) {
      if (this.seen.contacts.has(id)) continue;
      this.publish("contact/cleared", core(contact), id);
      this.publish("contact/destroy", core(contact), id);
    }
  }

  private compare(before: Contact | undefined, contact: Contact): void {
    const id = contact.contactId;
    if (before?.state.type !== contact.state.type) {
      for (const key of contactTopics[contact.state.type] ?? []) this.publish("contact/" + key, core(contact), id);
      if (contact.state.type === "error" && before?.state.type === "connecting") this.publish("contact/missed", core(contact), id);
    }
    const was = new Map(before?.connections.map((c) => [c.connectionId, c]));
    for (const c of contact.connections) {
      const earlier = was.get(c.connectionId);
      const about = { participant: participant(contact, c) };
      if (!earlier) this.publish("contact/participantAdded", about, id);
      else if (earlier.state.type !== c.state.type) this.publish("contact/participantStateChanged", { contactId: id, participantId: c.connectionId, state: stateOf(c) }, c.connectionId);
      if (earlier && earlier.state.type !== c.state.type && c.state.type === "disconnected") this.publish("contact/participantDisconnected", about, id);
    }
  }
}

function channels(of: Record<string, number>): string[] {
  return Object.entries(of).flatMap(([name, n]) => (n > 0 ? [name] : []));
}

function keyOf(message: Data): string {
  const { namespace: of, key, parameter } = message.topic ?? {};
  return JSON.stringify([of, key, parameter ?? null, message.handlerId]);
}
