/** People: who there is, a page for each, and lists of them from other systems. */

import "../who/who.css";
import { place } from "../state";
import { NewPerson } from "./edit";
import { List } from "./list";
import { Person } from "./person";
import { Roster } from "./roster";

export default function People() {
  const [what] = place.value.rest;
  if (what === "new") return <NewPerson />;
  if (what === "import") return <Roster />;
  return what ? <Person key={what} id={what} /> : <List />;
}
