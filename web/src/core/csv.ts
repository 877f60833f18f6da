/** Files to take away: what is on the screen, as CSV (RFC 4180) or JSON. */

/** Write lines as CSV. What a spreadsheet would take for a formula is made plain text. */
export function writeCsv(lines: readonly (readonly (string | number)[])[]): string {
  return `${lines.map((line) => line.map(writeCell).join(",")).join("\r\n")}\r\n`;
}

function writeCell(value: string | number): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function saveFile(name: string, media: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: media }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
