/** A dialog on the browser's own <dialog>: it keeps the focus inside, Escape closes it, and the focus goes back. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
  open: boolean;
  title: string;
  /** It was closed, by whatever; `open` must become false. */
  onClose: () => void;
  /** What its submit button does before it closes; without one it only closes. */
  onSubmit?: () => void;
  children: ComponentChildren;
}

export function Dialog({ open, title, onClose, onSubmit, children }: Props) {
  const own = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = own.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    <dialog ref={own} aria-labelledby={heading} onClose={onClose}>
      {open && (
        <form
          method="dialog"
          onSubmit={(event) => {
            event.preventDefault();
            onSubmit?.();
            onClose();
          }}
        >
          <h2 id={heading}>{title}</h2>
          {children}
        </form>
      )}
    </dialog>
  );
}
