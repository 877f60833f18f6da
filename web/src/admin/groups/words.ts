/** What the pages of groups say. */

import { words } from "../../core/i18n/language";

const en = {
  title: "Groups",
  none: "There is no group yet.",
  new: "New group",
  name: "Name",
  job: "Title",
  people: "People",
  by_name: "By name",
  within: "Groups within",
  rule: "Rule",
  "rule.hint":
    'Whoever it finds is in it: department = "Cardiology" and title contains "RN". Fields: name, title, department, location, language, phone; =, contains, begins; and, or, not, brackets.',
  why: "Why",
  "why.name": "by name",
  "why.other": "by a group within, or by the rule",
  empty: "Nobody is in it: nobody is reached by it.",
  more: "There are more than stand here.",
  "people_in_it.one": "{n} person in it",
  "people_in_it.other": "{n} people in it",
  "would_be.one": "{n} person would be in it.",
  "would_be.other": "{n} people would be in it.",
  "ruled.one": "{n} found by the rule.",
  "ruled.other": "{n} found by the rule.",
  look: "Look who would be in it",
  save: "Save the group",
  disable: "Disable the group",
  enable: "Use the group again",
};
const de: Record<keyof typeof en, string> = {
  title: "Gruppen",
  none: "Noch gibt es keine Gruppe.",
  new: "Neue Gruppe",
  name: "Name",
  job: "Funktion",
  people: "Personen",
  by_name: "Namentlich",
  within: "Gruppen darin",
  rule: "Regel",
  "rule.hint":
    'Wen sie findet, ist darin: department = "Kardiologie" and title contains "Pflege". Felder: name, title, department, location, language, phone; =, contains, begins; and, or, not, Klammern.',
  why: "Warum",
  "why.name": "namentlich",
  "why.other": "über eine Gruppe darin oder durch die Regel",
  empty: "Niemand ist darin: sie erreicht niemanden.",
  more: "Es sind mehr, als hier stehen.",
  "people_in_it.one": "{n} Person darin",
  "people_in_it.other": "{n} Personen darin",
  "would_be.one": "{n} Person wäre darin.",
  "would_be.other": "{n} Personen wären darin.",
  "ruled.one": "{n} durch die Regel gefunden.",
  "ruled.other": "{n} durch die Regel gefunden.",
  look: "Ansehen, wer darin wäre",
  save: "Gruppe speichern",
  disable: "Gruppe sperren",
  enable: "Gruppe wieder nutzen",
};

export const { t, count } = words({ en, de });
