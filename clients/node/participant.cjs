// One participant of a chat, talking through the unmodified amazon-connect-chatjs in Node.
//
// A process holds one participant, because chatjs shares one socket between all sessions of a contact in a process.
// It reads commands from standard input and writes answers and everything it hears to standard output, one JSON object
// a line: {"id","do",…} → {"id","ok"} or {"id","error"}, and {"item"} or {"notice"} at any time.
"use strict";
const readline = require("node:readline");

// What a browser would have: chatjs asks for no more than this.
const browserFetch = globalThis.fetch;
globalThis.window = globalThis.self = globalThis;
Object.defineProperty(globalThis, "navigator", {
  value: { onLine: true, userAgent: "Node.js/" + process.versions.node },
  configurable: true,
});
globalThis.WebSocket ??= require("ws");
globalThis.fetch = (...args) =>
  browserFetch(...args).catch((error) => {
    // The browsers' words: the AWS SDK inside chatjs tells a network failure by them.
    throw new TypeError("Failed to fetch", { cause: error.cause ?? error });
  });

require("amazon-connect-chatjs");

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

let session;

// agentSocket is what Amazon Connect Streams gives to chatjs in an agent's page: one socket for all chats of the agent.
function agentSocket({ url, bearer }) {
  const heard = { gain: [], lost: [], message: [] };
  const on = (kind) => (callback) => {
    heard[kind].push(callback);
    return () => heard[kind].splice(heard[kind].indexOf(callback), 1);
  };
  const socket = new (require("ws"))(url, { headers: { Authorization: "Bearer " + bearer } });
  const tell = (kind, value) => [...heard[kind]].forEach((callback) => callback(value));
  socket.on("open", () => tell("gain"));
  socket.on("close", () => tell("lost"));
  socket.on("error", (error) => process.stderr.write("the agent's socket: " + error + "\n"));
  socket.on("message", (text) => {
    const frame = JSON.parse(text);
    if (frame.topic === "aws/chat") tell("message", frame);
  });
  return {
    subscribeTopics: () => {},
    onMessage: (_topic, callback) => on("message")(callback),
    onConnectionGain: on("gain"),
    onConnectionLost: on("lost"),
    onInitFailure: () => () => {}, // the socket is opened here
  };
}

const commands = {
  async open({ endpoint, role, contactId, participantId, participantToken, follow, chatToken, desk }) {
    connect.ChatSession.setGlobalConfig({
      endpoint,
      features: { messageReceipts: { throttleTime: 200 } },
      loggerConfig: process.env.CHATJS_LOG
        ? { customizedLogger: logger, level: connect.ChatSession.LogLevel.DEBUG }
        : undefined,
    });
    session = connect.ChatSession.create({
      chatDetails: {
        contactId,
        participantId,
        participantToken,
        // Only an agent's page has Amazon Connect Streams to ask; without it chatjs goes on with the participant token.
        getConnectionToken: () =>
          chatToken ? Promise.resolve({ chatTokenTransport: chatToken }) : Promise.reject(new Error("no Streams here")),
      },
      websocketManager: desk && agentSocket(desk),
      type: role,
      disableCSM: true,
    });
    for (const heard of ["onMessage", "onTyping", "onReadReceipt", "onDeliveredReceipt", "onChatRehydrated"]) {
      session[heard]((event) => say({ item: event.data, by: heard }));
    }
    for (const notice of [
      "onConnectionEstablished",
      "onConnectionLost",
      "onConnectionBroken",
      "onDeepHeartbeatSuccess",
      "onDeepHeartbeatFailure",
      "onEnded",
    ]) {
      session[notice](() => say({ notice }));
    }
    if (follow) {
      session.onTranscriptUpdated((event) => say({ view: event.data.transcript.map(plain) }));
    }
    const result = await session.connect();
    return { connectSuccess: result.connectSuccess };
  },
  async send({ content, contentType }) {
    return (await session.sendMessage({ message: content, contentType: contentType ?? "text/plain" })).data;
  },
  async event({ contentType, content }) {
    const answer = await session.sendEvent({ contentType, ...(content && { content }) });
    return answer?.data ?? {};
  },
  async transcript({ maxResults, nextToken, scanDirection, sortOrder }) {
    return (await session.getTranscript({ maxResults, nextToken, scanDirection, sortOrder })).data;
  },
  // What a widget does with a view: it opens it, and parses what it needs to draw it.
  async view({ viewToken, metadata }) {
    const { View: view } = (await session.describeView({ viewToken, metadata })).data;
    return { ...view, Content: { ...view.Content, Template: JSON.parse(view.Content.Template), InputSchema: JSON.parse(view.Content.InputSchema) } };
  },
  async disconnect() {
    return (await session.disconnectParticipant()).data ?? {};
  },
};

function plain({ serializedContent, ...item }) {
  return item;
}

const logger = Object.fromEntries(
  ["debug", "info", "warn", "error"].map((level) => [level, (words) => process.stderr.write(words + "\n")]),
);

function described(error) {
  if (typeof error === "string") return { message: error };
  const cause = error?._debug?._debug ?? error?._debug ?? error;
  return { type: cause?.type ?? cause?.name, message: cause?.message ?? JSON.stringify(error), statusCode: cause?.statusCode };
}

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, do: name, ...args } = JSON.parse(line);
  try {
    say({ id, ok: (await commands[name](args)) ?? {} });
  } catch (error) {
    say({ id, error: described(error) });
  }
}).on("close", () => process.exit(0));
