import type { Priority } from "../../core/device/frames";
import { PriorityTag } from "../../ui/tag";
import { isKey, t } from "../words";

/** As any text, should the site know a priority that this page does not. */
export function Tag({ priority }: { priority: string }) {
  const key = `priority.${priority}`;
  if (!isKey(key)) return <>{priority}</>;
  return <PriorityTag priority={priority as Priority} word={t(key)} />;
}
