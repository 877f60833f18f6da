/** The frames between this device and a core, as the generated types have them; those that a core leaves out gaps in. */

import type {
  DeliveryView,
  EventFrame,
  MessageView,
  Response as ResponseFrame,
  SetStatus,
  SettingsFrame,
  Statement,
} from "../generated/frames";

export type {
  BeatBack,
  BoardRow,
  Cell,
  Condensed,
  Cursor,
  Down,
  Found,
  FoundFrame,
  OrderFrame,
  Part,
  PromiseLine,
  RefusedFrame,
  Rows,
  StatusFrame,
  StoredFrame,
  TeamFrame,
  Welcome,
} from "../generated/frames";
export type { DeliveryView, MessageView, ResponseFrame, SetStatus, SettingsFrame, Statement };
export type Event = EventFrame;

export type Priority = "code" | "high" | "medium" | "low";
/** Most urgent first. */
export const PRIORITIES: readonly Priority[] = ["code", "high", "medium", "low"];
export const PROTOCOL = 1;
