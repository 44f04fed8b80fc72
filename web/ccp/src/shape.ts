// Turns what the agent's side says into what amazon-connect-streams gives to pages: times as Date objects, and the names that the
// library knows beside the service's own.
import type { Configuration, Snapshot } from "./types";

const times = new Set(["timestamp", "startTimestamp", "timeStamp", "snapshotTimestamp", "queueTimestamp", "joinTimeStamp"]);
const opaque = new Set(["attributes", "segmentAttributes", "references"]); // their names are customers'

function dates(value: unknown): void {
  if (Array.isArray(value)) return value.forEach(dates);
  if (typeof value !== "object" || value === null) return;
  const members = value as Record<string, unknown>;
  for (const [name, member] of Object.entries(members)) {
    if (times.has(name) && typeof member === "number") members[name] = new Date(member * 1000);
    else if (!opaque.has(name)) dates(member);
  }
}

export function shape(snapshot: Snapshot, configuration: Configuration): { snapshot: Snapshot; configuration: Configuration } {
  dates(snapshot);
  dates(configuration);
  const now = Date.now();
  Object.assign(snapshot, { status: snapshot.state, localTimestamp: now, skew: snapshot.snapshotTimestamp.getTime() - now });
  for (const contact of snapshot.contacts) {
    contact.status = contact.state;
    for (const connection of contact.connections) connection.address = connection.endpoint;
  }
  return { snapshot, configuration };
}
