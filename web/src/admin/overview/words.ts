/** What the overview says. */

import { words } from "../../core/i18n/language";

const en = {
  title: "Overview",
  "alarms.title": "Technical alarms",
  "alarms.none": "No technical alarm is open.",
  "alarms.what": "What",
  "alarms.since": "Since",
  "alarms.taken": "Taken by",
  "alarms.nobody": "nobody yet",
};
const de: Record<keyof typeof en, string> = {
  title: "Überblick",
  "alarms.title": "Technische Alarme",
  "alarms.none": "Kein technischer Alarm ist offen.",
  "alarms.what": "Was",
  "alarms.since": "Seit",
  "alarms.taken": "Übernommen von",
  "alarms.nobody": "noch niemand",
};

export const { t, count, isKey } = words({ en, de });
