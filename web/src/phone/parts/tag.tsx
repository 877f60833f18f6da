import type { Priority } from "../../core/device/frames";
import { t } from "../../core/i18n";
import { PriorityTag } from "../../ui/tag";

export function Tag({ priority }: { priority: Priority }) {
  return <PriorityTag priority={priority} word={t(`priority.${priority}`)} />;
}
