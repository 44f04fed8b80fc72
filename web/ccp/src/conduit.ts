// The conduit: what amazon-connect-streams in the page around this frame and this frame say to each other by postMessage. Each message is
// {event, data}; names are the library's.
import { call, problemOf, proxied } from "./api";
import type { Desk } from "./desk";
import { Sdk } from "./sdk";
import { Tabs } from "./tabs";

// logs are most of what pages ask to broadcast, and no page needs another one's.
const logs = /^(log$|server_bound_|client_|click_stream_data|api_metric|softphone_)/;

export class Conduit {
  private tabs?: Tabs;
  private sdk?: Sdk;
  private signedOut = false; // and did not just lose its session
  private untold?: ReturnType<typeof setTimeout>;
  configured?: Record<string, unknown>;

  constructor(
    private desk: Desk,
    private page: Window,
    private origin: string,
  ) {
    addEventListener("message", (event) => {
      if (event.source !== page || event.origin !== origin) return;
      const message = event.data as { event?: unknown } | null;
      if (typeof message === "object" && message && typeof message.event === "string") {
        this.receive(message.event, message as Record<string, any>);
      }
    });
    desk.on("change", () => this.update());
    // Notes of agents are parley's own: a page would take one for a message.
    desk.on("item", (item, content) => item.Type !== "NOTE" && this.post("webSocket::all_message", { topic: "aws/chat", contentType: "application/json", content }));
    desk.on("up", () => this.post2("connection_gain", "agent::websocket_connection_gained"));
    desk.on("down", () => this.post2("connection_lost", "agent::websocket_connection_lost"));
    desk.on("over", () => this.end());
  }

  // begin tells the page that the agent has signed in: from here on the page believes in this frame.
  begin(): void {
    clearTimeout(this.untold);
    this.tabs = new Tabs(this.desk.session!.user.id, {
      said: (event, data) => (event === "terminated" ? this.leave() : this.post(event, data)),
      count: (length) => this.post("update_connected_ccps", { length }),
      master: (topic, masterId) => this.post("master_response", { event: "master_response", data: { masterId, takeOver: true, topic }, err: null }),
    });
    this.post("acknowledge", { id: this.tabs.id });
    this.post("update_connected_ccps", { length: this.tabs.count });
    this.update();
    this.sdk?.close();
    this.sdk = new Sdk(this.desk, this.page, this.origin);
    setTimeout(() => this.configured || this.post("request_configure"), 1000);
  }

  // leave follows another frame of this browser, which has signed the agent out.
  private leave(): void {
    this.signedOut = true;
    this.desk.end();
  }

  // end follows the end of the session. A page that signs its agent out ends the session by /logout first and says so a moment later: it is
  // not told of an expired session in between.
  private end(): void {
    this.sdk?.close();
    this.sdk = undefined;
    if (this.signedOut) this.tabs?.say("terminated", null);
    this.tabs?.close();
    this.tabs = undefined;
    if (this.signedOut) this.tell();
    else this.untold = setTimeout(() => this.tell(), 1500);
  }

  private tell(): void {
    clearTimeout(this.untold);
    this.post(this.signedOut ? "terminated" : "auth_fail");
    this.signedOut = false;
  }

  denied(): void {
    this.post("access_denied");
  }

  private post(event: string, data?: unknown): void {
    this.page.postMessage(data === undefined ? { event } : { event, data }, this.origin);
  }

  private post2(socket: string, agent: string): void {
    this.post("webSocket::" + socket);
    this.post(agent);
  }

  private update(): void {
    const { snapshot, configuration } = this.desk;
    if (snapshot && configuration && this.tabs) this.post("agent::update", { snapshot, configuration });
  }

  private receive(event: string, message: Record<string, any>): void {
    const data = message.data ?? {};
    switch (event) {
      case "synchronize":
        if (this.tabs) this.post("acknowledge");
        return;
      case "configure":
        this.configured = data;
        return this.broadcast("configuration::configure", data);
      case "api_request":
        return void this.answer(data);
      case "master_request":
        return void this.master(data);
      case "broadcast":
        if (typeof data.event === "string" && !logs.test(data.event)) this.broadcast(data.event, data.data);
        return;
      case "webSocket::subscribe":
        return this.post("webSocket::subscription_update", { topic: "aws/subscribe", content: { status: "success", topics: Array.isArray(data) ? data : [] } });
      case "reload_agent_configuration":
        return void this.desk.refresh().catch(() => undefined);
            case "terminate":
        this.signedOut = true;
        if (this.desk.session) return void this.desk.signOut(false).catch(() => undefined);
        return this.tell(); // the page has ended the session by /logout before
      case "media_device_request":
        return this.post("media_device_response", []);
    }
  }

  private broadcast(event: string, data: unknown): void {
    this.post(event, data);
    this.tabs?.say(event, data);
  }

  private async answer(request: Record<string, unknown>): Promise<void> {
    const { requestId, method, params } = request;
    const answer = (data: unknown, err: unknown) => this.page.postMessage({ event: "api_response", data: { event: "api_response", requestId, data, err } }, this.origin);
    try {
      answer(await call(this.desk, method, params), null);
    } catch (error) {
      const problem = problemOf(error);
      answer(null, proxied.has(String(method)) ? problem : JSON.stringify(problem));
    }
  }

  private async master(request: Record<string, any>): Promise<void> {
    const topic = String(request.params?.topic ?? "").slice(0, 100);
    const data = !this.tabs
      ? { masterId: null, isMaster: false, topic }
      : request.method === "becomeMaster"
        ? await this.tabs.become(topic)
        : await this.tabs.check(topic, !request.params?.shouldNotBecomeMasterIfNone);
    this.page.postMessage({ event: "master_response", data: { event: "master_response", requestId: request.requestId, data, err: null } }, this.origin);
  }
}
