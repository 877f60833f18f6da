import type { Priority } from "../../core/device/frames";
import { PriorityTag } from "../../ui/tag";
import { t } from "../words";

export function Tag({ priority }: { priority: Priority }) {
  return <PriorityTag priority={priority} word={t(`priority.${priority}`)} />;
}
