/** The words of the settings: they come with them, and not with the inbox. */

import { words } from "../../../core/i18n/language";
import { de } from "./de";
import { en, type Key } from "./en";

export type { Key };
export const { t, count, isKey } = words({ en, de });
