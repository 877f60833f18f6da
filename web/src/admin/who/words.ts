/** What the parts say that people, devices, roles, policies and places share. */

import { words } from "../../core/i18n/language";

const en = {
  "find.none": "Nothing has these letters.",
  "find.hint": "A few letters of a name, a number, a unit.",
  "find.chosen": "Chosen: {name}",
  "find.other": "Choose another",
  "kind.person": "person",
  "kind.role": "role",
  "kind.group": "group",
  "kind.place": "place",
  yes: "yes",
  no: "no",
  never: "never",
  nobody: "nobody",
  cancel: "Cancel",
  edit: "Change",
  remove: "Remove",
  add: "Add",
  saved: "Saved.",
  disabled: "disabled",
};
const de: Record<keyof typeof en, string> = {
  "find.none": "Nichts hat diese Buchstaben.",
  "find.hint": "Ein paar Buchstaben eines Namens, eine Nummer, eine Station.",
  "find.chosen": "Gewählt: {name}",
  "find.other": "Anders wählen",
  "kind.person": "Person",
  "kind.role": "Rolle",
  "kind.group": "Gruppe",
  "kind.place": "Ort",
  yes: "ja",
  no: "nein",
  never: "nie",
  nobody: "niemand",
  cancel: "Abbrechen",
  edit: "Ändern",
  remove: "Entfernen",
  add: "Hinzufügen",
  saved: "Gespeichert.",
  disabled: "gesperrt",
};

export const { t } = words({ en, de });
