// What pages ask by api_request, in a table: each method of amazon-connect-streams, and the operation of the agent's side that answers it.
// Every request is answered; what pages do not need for chats is refused in the words of Amazon Connect.
import { Refused, type Desk } from "./desk";
import type { Endpoint } from "./types";

type Params = Record<string, any>;
type Method = (desk: Desk, params: Params) => unknown;

export function refuse(type: string, message: string, status = 400): Refused {
  return new Refused({ type, message, status });
}

// id is a member of a request that goes into a path: an id or nothing.
function id(params: Params, name: string): string {
  const value = params[name];
  if (typeof value !== "string" || !/^[\w-]{1,64}$/.test(value)) throw refuse("InvalidParameterException", `${name} must be an id`);
  return value;
}

function short(value: unknown, name: string, most = 500): string {
  if (typeof value !== "string" || value === "" || value.length > most) {
    throw refuse("InvalidParameterException", `${name} must be a text of 1 to ${most} characters`);
  }
  return value;
}

const on =
  (operation: string): Method =>
  async (desk, params) => {
    await desk.ask("POST", `contacts/${id(params, "contactId")}/${operation}`);
    return {};
  };

// by uses a quick connect. Hand-written endpoints have little more than its ARN.
const by =
  (operation: string): Method =>
  async (desk, params) => {
    const endpointARN = params.endpoint?.endpointARN;
    if (typeof endpointARN !== "string" || endpointARN === "") throw refuse("BadEndpointException", "endpoint.endpointARN must be that of a quick connect");
    await desk.ask("POST", `contacts/${id(params, "contactId")}/${operation}`, { endpointARN: short(endpointARN, "endpoint.endpointARN") });
    return {};
  };

const notForChats: Method = () => {
  throw refuse("InvalidContactTypeException", "The operation is not for chats");
};
const badEndpoint: Method = () => {
  throw refuse("BadEndpointException", "The server has no voice");
};
const accepted: Method = () => ({});

export async function endpoints(desk: Desk, queues: unknown): Promise<Endpoint[]> {
  const named = (Array.isArray(queues) ? queues : []).slice(0, 100).map((arn) => "queueARN=" + encodeURIComponent(short(arn, "queueARNs")));
  const all = await desk.ask<{ endpoints: Endpoint[] }>("GET", "quick-connects" + (named.length ? "?" + named.join("&") : ""));
  return all.endpoints.filter((e) => e.type !== "flow"); // pages know agents, queues and phone numbers
}

export const methods: Record<string, Method> = {
  putAgentState: async (desk, { state, enqueueNextState }) => {
    const arn = state?.agentStateARN;
    await desk.ask("PUT", "state", {
      ...(arn ? { agentStateARN: short(arn, "state.agentStateARN") } : { name: short(state?.name, "state.name") }),
      enqueueNextState: enqueueNextState === true,
    });
    return {};
  },
  getEndpoints: async (desk, { queueARNs, maxResults }) => {
    const all = await endpoints(desk, queueARNs);
    return { endpoints: typeof maxResults === "number" && maxResults > 0 ? all.slice(0, maxResults) : all, nextToken: null };
  },
  acceptContact: on("accept"),
  rejectContact: on("reject"),
  clearContact: on("clear"),
  completeContact: on("complete"),
  destroyConnection: async (desk, params) => {
    await desk.ask("DELETE", `contacts/${id(params, "contactId")}/connections/${id(params, "connectionId")}`);
    return {};
  },
  createTransport: async (desk, params) => {
    if (params.transportType !== "chat_token") return badEndpoint(desk, params);
    const given = await desk.ask<{ participantToken: string; expiry: string }>("POST", `contacts/${id(params, "contactId")}/token`);
    return { chatTokenTransport: { participantToken: given.participantToken, expiry: given.expiry } };
  },
  createAdditionalConnection: by("transfer"), // of a chat, adding a connection is a transfer
  transferContact: by("transfer"),
  addNewConnection: by("invite"),
  updateMonitorParticipantState: async (desk, params) => {
    await desk.ask("PUT", `contacts/${id(params, "contactId")}/monitor`, { targetMonitorMode: short(params.targetMonitorMode, "targetMonitorMode") });
    return {};
  },
  updateAgentConfiguration: (desk, { configuration }) => {
    const told = configuration?.agentPreferences;
    if (typeof told === "object" && told) {
      desk.prefer(Object.fromEntries(Object.entries(told).filter((entry): entry is [string, string] => typeof entry[1] === "string" && entry[1].length < 500).slice(0, 50)));
    }
    return {};
  },
  createOutboundContact: badEndpoint,
  pauseContact: notForChats,
  resumeContact: notForChats,
  holdConnection: notForChats,
  resumeConnection: notForChats,
  sendDigits: notForChats,
  toggleActiveConnections: notForChats,
  conferenceConnections: notForChats,
  muteParticipant: notForChats,
  unmuteParticipant: notForChats,
  notifyContactIssue: accepted,
  sendSoftphoneCallMetrics: accepted,
  sendSoftphoneCallReport: accepted,
  qrIntegrationExists: async (desk) => (await desk.ask<{ exist: boolean }>("GET", "quick-responses/exist")).exist,
  qrSearchQuickResponses: (desk, { query, contactId, attributes, maxResults, nextToken }) =>
    desk.ask("POST", "quick-responses/search", {
      query: typeof query === "string" ? query.slice(0, 1000) : "",
      ...(contactId && { contactId: id({ contactId }, "contactId") }),
      ...(!contactId && typeof attributes === "object" && attributes && { attributes: Object.fromEntries(Object.values(attributes as Record<string, { name: string; value: string }>).map((a) => [String(a.name), String(a.value)])) }),
      ...(typeof maxResults === "number" && { maxResults }),
      ...(typeof nextToken === "string" && { nextToken: short(nextToken, "nextToken", 2000) }),
    }),
};

// proxied are methods that the page of a CCP answers itself: their errors are not JSON.
export const proxied = new Set(["qrIntegrationExists", "qrSearchQuickResponses", "startScreenSharing"]);

export async function call(desk: Desk, method: unknown, params: unknown): Promise<unknown> {
  const known = typeof method === "string" && Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!known) throw refuse("UnknownOperationException", "No such method exists", 404);
  if (!desk.session) throw refuse("UnauthorizedException", "The session has ended. Sign in again.", 401);
  return known(desk, typeof params === "object" && params ? (params as Params) : {});
}

export function problemOf(error: unknown): { type: string; message: string; stack: string[]; retryStatus: string; statusCode: number } {
  const problem = error instanceof Refused ? error.problem : { type: "InternalServiceException", message: String(error), status: 500 };
  return { type: problem.type, message: problem.message, stack: [], retryStatus: "none", statusCode: problem.status };
}
