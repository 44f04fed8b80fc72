// What the agent's side answers (docs/agent-api.md), as far as this page looks into it. Everything else is passed on as it is.

export type Problem = { type: string; message: string; status: number };

export type Session = {
  user: { id: string; username: string; firstName?: string };
  instance: { id: string; arn: string; alias?: string };
  permissions: string[];
  expires: number;
  csrf: string;
  inactivity?: { warns: number; ends: number }; // where inactivity ends sessions
};

// Missing is what a sign-in lacks after the right password: a code, of an authenticator app that is set up now with secret.
export type Missing = { what: "code" | "enrolment"; signIn: string; expires: number; secret?: string; uri?: string };

export type State = { agentStateARN: string; type: string; name: string; startTimestamp?: Date | null };

export type Endpoint = { endpointARN: string; type: string; name: string | null; phoneNumber?: string | null; agentLogin?: string | null; queue?: string | null };

export type Queue = { queueARN: string; name: string | null; queueId: string };

export type Connection = {
  connectionId: string;
  type: string;
  initial: boolean;
  state: { type: string; timestamp: Date };
  chatMediaInfo: { customerName: string | null; agentName?: string | null; connectionData: string | null } | null;
  [more: string]: unknown;
};

export type Contact = {
  contactId: string;
  initialContactId: string | null;
  type: string;
  state: { type: string; timestamp: Date };
  queue: Queue | null;
  queueTimestamp: Date | null;
  connections: Connection[];
  attributes: Record<string, { name: string; value: string }> | null;
  references: Record<string, { value: string; type: string }> | null;
  description: string | null;
  segmentAttributes: Record<string, { ValueString?: string }> | null;
  agentContactHandlingConfig: { autoAccept: boolean };
  [more: string]: unknown;
};

export type Snapshot = {
  state: State;
  nextState: State | null;
  agentAvailabilityState: { state: string; timeStamp: Date };
  contacts: Contact[];
  snapshotTimestamp: Date;
  [more: string]: unknown;
};

export type RoutingProfile = {
  name: string;
  routingProfileARN: string;
  defaultOutboundQueue: Queue | null;
  queues: Queue[];
  channelConcurrencyMap: Record<string, number>;
  [more: string]: unknown;
};

export type Configuration = {
  name: string;
  username: string;
  agentARN: string;
  extension: string;
  routingProfile: RoutingProfile;
  permissions: string[];
  dialableCountries: string[];
  agentStates: State[];
  agentPreferences: Record<string, string>;
  [more: string]: unknown;
};

export type Item = {
  AbsoluteTime: string;
  Content?: string;
  ContentType: string;
  Id: string;
  Type: string;
  ParticipantId?: string;
  ParticipantRole?: string;
  DisplayName?: string;
  ContactId?: string;
  InitialContactId?: string;
};
