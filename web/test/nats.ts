/**
 * Our NATS client and the project's own (`@nats-io/nats-core`), behind one face, for the conformance suite.
 *
 * tests/web/test_nats_client.py drives both through the same cases against a real server.
 */

import { wsconnect } from "@nats-io/nats-core";
import { utf8 } from "../src/core/bytes";
import { Connection, NoResponders, NotSent, TimedOut } from "../src/core/nats/connection";

interface Client {
  state(): string;
  subscribe(subject: string): void;
  publish(subject: string, text: string): Promise<string>;
  request(subject: string, text: string): Promise<string>;
  /** Answer every request on a subject with its own text in capitals. */
  serve(subject: string): void;
  heard(): [string, string][];
  close(): Promise<void>;
}

const decoder = new TextDecoder();

async function ours(url: string): Promise<Client> {
  const heard: [string, string][] = [];
  const connection = new Connection({ url, name: "ours", timing: { retryMsMin: 20, retryMsMax: 200, pingMs: 500 } });
  connection.start();
  while (connection.state !== "connected") await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    state: () => connection.state,
    subscribe: (subject) => {
      connection.subscribe(subject, (message) => heard.push([message.subject, decoder.decode(message.payload)]));
    },
    publish: async (subject, text) => {
      try {
        connection.publish(subject, utf8(text));
        return "sent";
      } catch (error) {
        return error instanceof NotSent ? "not sent" : String(error);
      }
    },
    request: async (subject, text) => {
      try {
        return decoder.decode((await connection.request(subject, utf8(text), 2_000)).payload);
      } catch (error) {
        return error instanceof NoResponders
          ? "no responders"
          : error instanceof TimedOut
            ? "timeout"
            : String(error);
      }
    },
    serve: (subject) => {
      connection.subscribe(subject, (message) =>
        connection.publish(message.reply, utf8(decoder.decode(message.payload).toUpperCase())),
      );
    },
    heard: () => heard,
    close: async () => connection.close(),
  };
}

async function theirs(url: string): Promise<Client> {
  const heard: [string, string][] = [];
  const connection = await wsconnect({
    servers: url,
    reconnectTimeWait: 50,
    maxReconnectAttempts: -1,
    noEcho: true,
    pingInterval: 500,
  });
  let state = "connected";
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") state = "away";
      if (status.type === "reconnect") state = "connected";
    }
  })();
  return {
    state: () => state,
    subscribe: (subject) => {
      connection.subscribe(subject, {
        callback: (_, message) => {
          heard.push([message.subject, decoder.decode(message.data)]);
        },
      });
    },
    publish: async (subject, text) => {
      try {
        connection.publish(subject, text);
        return "sent";
      } catch {
        return "not sent";
      }
    },
    request: async (subject, text) => {
      try {
        return decoder.decode((await connection.request(subject, text, { timeout: 2_000 })).data);
      } catch (error) {
        return /no responders/i.test(String(error))
          ? "no responders"
          : /timeout/i.test(String(error))
            ? "timeout"
            : String(error);
      }
    },
    serve: (subject) => {
      connection.subscribe(subject, {
        callback: (_, message) => {
          message.respond(decoder.decode(message.data).toUpperCase());
        },
      });
    },
    heard: () => heard,
    close: () => connection.close(),
  };
}

const clients = new Map<string, Client>();

Object.assign(window, {
  open: async (name: string, kind: "ours" | "theirs", url: string): Promise<void> => {
    clients.set(name, await (kind === "ours" ? ours(url) : theirs(url)));
  },
  of: (name: string): Client | undefined => clients.get(name),
  ready: true,
});
