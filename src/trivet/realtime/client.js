/**
 * Channels in the browser: WebSocket first, server-sent events where that does not get through.
 *
 *   import { connect } from "/realtime/client.js";
 *   const realtime = connect();
 *   const room = realtime.subscribe("rooms/7", { message: (data, id) => show(data) });
 *   await room.publish({ text: "hello" });
 *
 * Connections are made again after an end, later and later; subscriptions go on behind the last
 * message that was seen.
 *
 * @typedef {{ key: string, info: Object<string, any> }} Member
 *
 * @typedef {Object} Handlers
 * @property {(data: any, id?: string) => void} [message]  a message
 * @property {() => void} [gap]  messages were missed: read anew what they were about
 * @property {(members: Member[]) => void} [members]  who is there, at the start and after changes
 * @property {(error: Refusal) => void} [error]  the subscription was refused, for good
 * @property {() => void} [ready]  subscribed, the first time or again
 * @property {number} [last]  how many messages that are kept to begin with
 * @property {string} [after]  the id of the message to go on from
 *
 * @typedef {Object} Options
 * @property {string} [url]  where the channels are; beside this file by default
 * @property {"auto" | "socket" | "events"} [transport]
 * @property {(state: "connecting" | "open" | "closed") => void} [state]
 */

// In milliseconds.
const FIRST_PAUSE = 500; // before the first attempt to connect again; doubled each time
const LONGEST_PAUSE = 30_000;
const SILENCE = 60_000; // after which a connection is dead
const OPENING = 8_000;
const PATIENCE = 15_000; // that an answer may take

/** What the server refuses; `errors` where a message did not fit. */
export class Refusal extends Error {
  constructor({ code, reason, errors }) {
    super(reason);
    this.name = "Refusal";
    this.code = code;
    this.errors = errors ?? [];
  }

  get isTemporary() {
    return this.code >= 4500 || this.code === 1013;
  }
}

/** @param {Options} [options] */
export const connect = (options) => new Realtime(options);

class Subscription {
  constructor(realtime, channel, handlers) {
    this.channel = channel;
    this.handlers = handlers;
    this.id = handlers.after;
    this.people = new Map();
    this.realtime = realtime;
  }

  /** Send a message to all; rejects with a `Refusal`. */
  publish = (data) => this.realtime.publish(this.channel, data);
  close = () => this.realtime.unsubscribe(this);

  take(frame) {
    const { message, gap, members, ready } = this.handlers;
    if (frame.id !== undefined) this.id = frame.id;
    if (frame.type === "message") message?.(frame.data, frame.id);
    else if (frame.type === "gap") gap?.();
    else if (frame.type === "subscribed") ready?.();
    if (frame.type === "subscribed" && frame.members) {
      this.people = new Map(frame.members.map((one) => [one.key, one]));
    } else if (frame.type === "joined") this.people.set(frame.member.key, frame.member);
    else if (frame.type === "left") this.people.delete(frame.member.key);
    else return;
    members?.([...this.people.values()]);
  }

  get wish() {
    return this.id === undefined ? { last: this.handlers.last ?? 0 } : { after: this.id };
  }
}

class Realtime {
  constructor({ url, transport = "auto", state } = {}) {
    this.url = new URL(url ?? ".", url ? location.href : import.meta.url).href.replace(/\/$/, "");
    this.onState = state;
    this.transport = transport;
    this.subscriptions = new Map();
    this.asked = new Map(); // by ref: what waits for an answer
    this.ref = 0;
    this.failures = 0;
    this.isClosed = false;
    this.wasOpen = false; // whether a WebSocket got through
    addEventListener("online", () => this.#again(0));
  }

  /** Subscribe to a channel by its name. @param {Handlers} handlers */
  subscribe(channel, handlers) {
    if (this.subscriptions.has(channel)) throw new Error(`subscribed to ${channel} already`);
    const made = new Subscription(this, channel, handlers);
    this.subscriptions.set(channel, made);
    if (this.link?.isOpen) this.link.subscribe(made);
    else if (!this.link && !this.timer) this.#again(0);
    return made;
  }

  unsubscribe(subscription) {
    if (this.subscriptions.get(subscription.channel) !== subscription) return;
    this.subscriptions.delete(subscription.channel);
    if (this.link?.isOpen) this.link.unsubscribe(subscription);
  }

  async publish(channel, data) {
    if (!this.link?.isOpen) throw new Error("there is no connection");
    return this.link.publish(channel, data);
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.link?.end();
    this.onState?.("closed");
  }

  #again(pause) {
    if (this.isClosed || this.link) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.onState?.("connecting");
      // Two WebSockets that did not open: a proxy lets none through.
      const isHopeless = this.transport === "auto" && !this.wasOpen && this.failures > 1;
      const isEvents = this.transport === "events" || isHopeless;
      this.link = isEvents ? new EventsLink(this) : new SocketLink(this);
    }, pause);
  }

  opened() {
    this.failures = 0;
    this.onState?.("open");
  }

  ended(link) {
    if (this.link !== link) return;
    this.link = undefined;
    for (const { reject } of this.asked.values()) reject(new Error("the connection ended"));
    this.asked.clear();
    if (this.isClosed || !this.subscriptions.size) return;
    // Half of it or more, by chance: a thousand clients do not come at once.
    const most = Math.min(FIRST_PAUSE * 2 ** this.failures++, LONGEST_PAUSE);
    this.#again(most * (0.5 + Math.random() / 2));
  }

  take(text) {
    for (const line of text.split("\n")) {
      const frame = JSON.parse(line);
      if (frame.type === "ping") this.link?.send({ type: "pong" });
      else if (frame.ref !== undefined && this.asked.has(frame.ref)) this.#answered(frame);
      const one = this.subscriptions.get(frame.channel);
      if (frame.type !== "error") one?.take(frame);
      else if (one && frame.ref === undefined) this.refused(one, new Refusal(frame));
    }
  }

  #answered(frame) {
    const { resolve, reject } = this.asked.get(frame.ref);
    this.asked.delete(frame.ref);
    if (frame.type === "error") reject(new Refusal(frame));
    else resolve(frame);
  }

  refused(subscription, error) {
    if (!(error instanceof Refusal)) return; // asked for again with the next connection
    const { channel, handlers } = subscription;
    if (!error.isTemporary) {
      this.subscriptions.delete(channel);
      handlers.error?.(error);
      return;
    }
    setTimeout(() => {
      const isWanted = this.subscriptions.get(channel) === subscription;
      if (isWanted && this.link?.isOpen) this.link.subscribe(subscription);
    }, 1000 + 2000 * Math.random());
  }
}

class SocketLink {
  constructor(realtime) {
    this.realtime = realtime;
    this.isOpen = false;
    this.socket = new WebSocket(`${realtime.url.replace(/^http/, "ws")}/socket?frames=lines`);
    this.#expect(OPENING);
    this.socket.onopen = () => {
      this.isOpen = realtime.wasOpen = true;
      this.#expect(SILENCE);
      realtime.opened();
      for (const one of realtime.subscriptions.values()) this.subscribe(one);
    };
    this.socket.onmessage = ({ data }) => {
      this.#expect(SILENCE);
      realtime.take(data);
    };
    this.socket.onclose = () => this.end();
  }

  /** End it when nothing comes for so long. */
  #expect(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), milliseconds);
  }

  send(frame) {
    if (this.isOpen) this.socket.send(JSON.stringify(frame));
  }

  #ask(frame) {
    const { realtime } = this;
    const ref = ++realtime.ref;
    return new Promise((resolve, reject) => {
      realtime.asked.set(ref, { resolve, reject });
      setTimeout(() => realtime.asked.delete(ref) && reject(new Error("no answer")), PATIENCE);
      this.send({ ...frame, ref });
    });
  }

  subscribe(one) {
    this.#ask({ type: "subscribe", channel: one.channel, ...one.wish }).catch((error) =>
      this.realtime.refused(one, error),
    );
  }

  unsubscribe = ({ channel }) => this.send({ type: "unsubscribe", channel });
  publish = (channel, data) => this.#ask({ type: "publish", channel, data });

  end() {
    clearTimeout(this.timer);
    this.isOpen = false;
    this.socket.onclose = this.socket.onmessage = this.socket.onopen = null;
    this.socket.close();
    this.realtime.ended(this);
  }
}

class EventsLink {
  constructor(realtime) {
    this.realtime = realtime;
    this.isOpen = false;
    this.#open();
  }

  /** Begin a stream of what is subscribed to now; each change begins another. */
  #open() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { realtime } = this;
      const wanted = [...realtime.subscriptions.values()];
      this.stream?.close();
      if (!wanted.length) return this.end();
      const query = new URLSearchParams({ refusals: "events" });
      for (const one of wanted) query.append("channel", one.channel);
      for (const one of wanted) query.append("after", one.wish.after ?? "");
      query.set("last", Math.max(0, ...wanted.map((one) => one.wish.last ?? 0)));
      const address = `${realtime.url}/events?${query}`;
      const stream = (this.stream = new EventSource(address, { withCredentials: true }));
      stream.onopen = () => {
        this.isOpen = true;
        realtime.opened();
        if (realtime.subscriptions.size !== wanted.length) this.#open();
      };
      stream.onmessage = ({ data }) => realtime.take(data);
      stream.onerror = () => this.end(); // its own attempts know only where it began
    }, 20);
  }

  subscribe = () => this.#open();
  unsubscribe = () => this.#open();
  send() {}

  async publish(channel, data) {
    const answer = await fetch(`${this.realtime.url}/publish`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ channel, data }),
    });
    if (answer.ok) return;
    const { detail } = await answer.json().catch(() => ({}));
    const isWrong = Array.isArray(detail);
    throw new Refusal({
      code: isWrong ? 4400 : 4000 + answer.status,
      reason: isWrong ? "the message does not fit the channel" : String(detail),
      errors: isWrong ? detail : [],
    });
  }

  end() {
    clearTimeout(this.timer);
    this.isOpen = false;
    this.stream?.close();
    this.realtime.ended(this);
  }
}
