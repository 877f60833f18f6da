/**
 * The sections of administration, in the order of the menu. Each is loaded when it is first looked at, and has its own
 * folder with its own words: `<name>/index.tsx` gives its view, `<name>/words.ts` what it says.
 */

import type { ComponentType } from "preact";
import { may } from "./state";
import type { Key } from "./words";

export interface Section {
  name: string;
  label: Key;
  /** Shown to whoever may do one of these, however far. */
  actions: readonly string[];
  load: () => Promise<{ default: ComponentType }>;
}

export const SECTIONS: readonly Section[] = [
  {
    name: "overview",
    label: "nav.overview",
    actions: ["site.read"],
    load: () => import("./overview"),
  },
  {
    name: "people",
    label: "nav.people",
    actions: ["contact.read", "directory.write"],
    load: () => import("./people"),
  },
  {
    name: "devices",
    label: "nav.devices",
    actions: ["device.read"],
    load: () => import("./devices"),
  },
  {
    name: "groups",
    label: "nav.groups",
    actions: ["directory.write"],
    load: () => import("./groups"),
  },
  {
    name: "places",
    label: "nav.places",
    actions: ["bed.assign", "directory.write"],
    load: () => import("./places"),
  },
  {
    name: "oncall",
    label: "nav.oncall",
    actions: ["directory.read"],
    load: () => import("./oncall"),
  },
  {
    name: "policies",
    label: "nav.policies",
    actions: ["policy.write"],
    load: () => import("./policies"),
  },
  {
    name: "messages",
    label: "nav.messages",
    actions: ["message.trace"],
    load: () => import("./messages"),
  },
  {
    name: "integrations",
    label: "nav.integrations",
    actions: ["site.read"],
    load: () => import("./integrations"),
  },
  {
    name: "reports",
    label: "nav.reports",
    actions: ["site.read"],
    load: () => import("./reports"),
  },
  {
    name: "audit",
    label: "nav.audit",
    actions: ["audit.read"],
    load: () => import("./audit"),
  },
  {
    name: "system",
    label: "nav.system",
    actions: ["site.read"],
    load: () => import("./system"),
  },
];

/** The sections that whoever is signed in may look at. */
export const open = (): Section[] => SECTIONS.filter((section) => section.actions.some((action) => may(action)));
