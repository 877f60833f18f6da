"""Everything that the pages say, in English and German; and how a page is put together of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wardwire.console.replies import Asked, Reply
from wardwire.model.errors import Code, WardwireError

ENGLISH = {
    "lang": "en",
    "other": "Deutsch",
    "other_lang": "de",
    "back": "Back",
    "not_found": "There is no such page",
    "not_found_text": "Look at the address again, or begin at the first page.",
    "not_built": "The app is not built yet",
    "not_built_text": "This Wardwire runs from its source. Build the app once with: make web."
    " Then start Wardwire again.",
    "foreign": "This did not come from our page",
    "foreign_text": "Somebody else's page has tried to do this in your name. Open ours and do it there.",
    "sign_in": "Sign in",
    "sign_out": "Sign out",
    "signed_in": "You are signed in",
    "login": "Name",
    "password": "Password",
    "code": "Code of your authenticator app",
    "code_hint": "Leave it empty if you have none. A recovery code works, too.",
    "with_provider": "Sign in with the hospital's account",
    "have_code": "I have a one-time code",
    "setup": "Choose your password",
    "setup_text": "With the one-time code that an administrator gave you, or that Wardwire showed at its"
    " first start.",
    "one_time_code": "One-time code",
    "new_password": "New password",
    "new_password_hint": "At least 15 characters, such as four words; 8 are enough if you have an authenticator app.",
    "again": "The same once more",
    "differ": "The two passwords differ.",
    "first": "Only for the first administrator",
    "your_name": "Your name, as people read it",
    "choose": "Choose",
    "chosen": "Your password is chosen. Sign in with it.",
    "status": "Status",
    "works": "Messages are taken",
    "works_not": "Messages cannot be taken now",
    "works_not_text": "Call people by telephone until this page says otherwise. It loads itself anew.",
    "degraded": "Messages are stored on one machine only: the standby is away.",
    "as_of": "As of",
    "version": "Version",
    "on_call": "Who is on call",
    "call_down": "Call-down sheet",
    "sheet_text": "Print it and keep it where you can reach it when nothing else works.",
    "role": "Role",
    "now": "Now",
    "until": "Until",
    "then": "Then",
    "reach": "Reached by",
    "nobody": "nobody",
    "fallback": "stands in",
    "no_number": "no number",
    "way_phone": "phone",
    "way_pager": "pager",
    "way_sms": "SMS",
    "way_voice": "call",
    "desk": "the operators' desk",
    "unknown": "unknown",
    "print_hint": "Print with Ctrl+P.",
    "not_yours": "You may not see this",
    "not_yours_text": "Your account is not allowed to. Ask an administrator.",
    "trust": "Let this device trust Wardwire",
    "trust_not_needed": "There is nothing to install: this address has a certificate that devices trust already, or"
    " none.",
    "trust_text": "This hospital's Wardwire has a certificate of its own. Install it once on this device: then the"
    " browser shows no warning, and the app can be installed and can ring.",
    "trust_first": "First compare",
    "trust_compare": "Ask an administrator for the SHA-256 fingerprint of the certificate. Go on"
    " only if it is this one:",
    "trust_get": "Get the certificate",
    "trust_ios_1": "Open it in Safari, tap the button and allow the download.",
    "trust_ios_2": "Settings, General, VPN & Device Management: tap the downloaded profile and install it.",
    "trust_ios_3": "Settings, General, About, Certificate Trust Settings: switch Wardwire on.",
    "trust_android_1": "Tap the button. The file wardwire.crt is saved.",
    "trust_android_2": "Settings, Security, More security settings, Install from storage, CA certificate: choose the"
    " file. The names differ a little from phone to phone; search the settings for CA certificate.",
    "trust_ios_1_seen": "Download a profile?|Ignore|Allow",
    "trust_ios_2_seen": "Settings|General|VPN & Device Management|Install",
    "trust_ios_3_seen": "General|About|Certificate Trust Settings|Wardwire: on",
    "trust_android_1_seen": "wardwire.crt|Download",
    "trust_android_2_seen": "Security|Install from storage|CA certificate|wardwire.crt",
    "trust_desk": "On managed computers an administrator installs it for all: as a trusted root"
    " certificate authority.",
    "trust_done": "Done: open Wardwire",
}

GERMAN = {
    "lang": "de",
    "other": "English",
    "other_lang": "en",
    "back": "Zurück",
    "not_found": "Diese Seite gibt es nicht",
    "not_found_text": "Bitte prüfen Sie die Adresse, oder beginnen Sie auf der ersten Seite.",
    "not_built": "Die App ist noch nicht gebaut",
    "not_built_text": "Dieses Wardwire läuft aus dem Quelltext. Bauen Sie die App einmal mit: make web. Danach bitte"
    " Wardwire neu starten.",
    "foreign": "Das kam nicht von unserer Seite",
    "foreign_text": "Eine fremde Seite wollte dies in Ihrem Namen tun. Öffnen Sie unsere und tun Sie es dort.",
    "sign_in": "Anmelden",
    "sign_out": "Abmelden",
    "signed_in": "Sie sind angemeldet",
    "login": "Name",
    "password": "Kennwort",
    "code": "Code Ihrer Authenticator-App",
    "code_hint": "Leer lassen, wenn Sie keine haben. Auch ein Wiederherstellungscode geht.",
    "with_provider": "Mit dem Konto des Hauses anmelden",
    "have_code": "Ich habe einen Einmalcode",
    "setup": "Kennwort wählen",
    "setup_text": "Mit dem Einmalcode, den Sie von der Verwaltung haben oder den Wardwire beim ersten Start"
    " gezeigt hat.",
    "one_time_code": "Einmalcode",
    "new_password": "Neues Kennwort",
    "new_password_hint": "Mindestens 15 Zeichen, etwa vier Wörter; mit einer Authenticator-App reichen 8.",
    "again": "Noch einmal dasselbe",
    "differ": "Die beiden Kennwörter sind verschieden.",
    "first": "Nur für die erste Verwalterin oder den ersten Verwalter",
    "your_name": "Ihr Name, wie andere ihn lesen",
    "choose": "Wählen",
    "chosen": "Ihr Kennwort ist gewählt. Melden Sie sich damit an.",
    "status": "Zustand",
    "works": "Nachrichten werden angenommen",
    "works_not": "Nachrichten können gerade nicht angenommen werden",
    "works_not_text": "Rufen Sie per Telefon, bis diese Seite etwas anderes sagt. Sie lädt sich selbst neu.",
    "degraded": "Nachrichten liegen nur auf einer Maschine: die zweite ist nicht da.",
    "as_of": "Stand",
    "version": "Version",
    "on_call": "Wer Dienst hat",
    "call_down": "Telefonliste",
    "sheet_text": "Drucken Sie sie und bewahren Sie sie dort auf, wo sie erreichbar ist, wenn nichts anderes geht.",
    "role": "Funktion",
    "now": "Jetzt",
    "until": "Bis",
    "then": "Danach",
    "reach": "Erreichbar über",
    "nobody": "niemand",
    "fallback": "vertritt",
    "no_number": "keine Nummer",
    "way_phone": "Telefon",
    "way_pager": "Pager",
    "way_sms": "SMS",
    "way_voice": "Anruf",
    "desk": "die Vermittlung",
    "unknown": "unbekannt",
    "print_hint": "Drucken mit Strg+P.",
    "not_yours": "Das dürfen Sie nicht sehen",
    "not_yours_text": "Ihr Konto ist dafür nicht berechtigt. Fragen Sie die Verwaltung.",
    "trust": "Diesem Gerät Wardwire vertraut machen",
    "trust_not_needed": "Hier ist nichts zu installieren: diese Adresse hat ein Zertifikat, dem"
    " Geräte schon vertrauen,"
    " oder keines.",
    "trust_text": "Das Wardwire dieses Hauses hat ein eigenes Zertifikat. Installieren Sie es einmal"
    " auf diesem Gerät:"
    " dann warnt der Browser nicht mehr, und die App lässt sich installieren und kann läuten.",
    "trust_first": "Erst vergleichen",
    "trust_compare": "Fragen Sie die Verwaltung nach dem SHA-256-Fingerabdruck des Zertifikats. Weiter nur, wenn es"
    " dieser ist:",
    "trust_get": "Zertifikat laden",
    "trust_ios_1": "In Safari öffnen, auf den Knopf tippen und das Laden erlauben.",
    "trust_ios_2": "Einstellungen, Allgemein, VPN und Geräteverwaltung: das geladene Profil antippen"
    " und installieren.",
    "trust_ios_3": "Einstellungen, Allgemein, Info, Zertifikatsvertrauenseinstellungen: Wardwire einschalten.",
    "trust_android_1": "Auf den Knopf tippen. Die Datei wardwire.crt wird gespeichert.",
    "trust_android_2": "Einstellungen, Sicherheit, Weitere Sicherheitseinstellungen, Von Speicher installieren,"
    " CA-Zertifikat: die Datei wählen. Die Namen sind je nach Gerät etwas anders; suchen Sie nach CA-Zertifikat.",
    "trust_ios_1_seen": "Profil laden?|Ignorieren|Zulassen",
    "trust_ios_2_seen": "Einstellungen|Allgemein|VPN und Geräteverwaltung|Installieren",
    "trust_ios_3_seen": "Allgemein|Info|Zertifikatsvertrauen|Wardwire: ein",
    "trust_android_1_seen": "wardwire.crt|Herunterladen",
    "trust_android_2_seen": "Sicherheit|Von Speicher installieren|CA-Zertifikat|wardwire.crt",
    "trust_desk": "Auf verwalteten Rechnern installiert es die Verwaltung für alle: als"
    " vertrauenswürdige Stammstelle.",
    "trust_done": "Fertig: Wardwire öffnen",
}

# What is refused on a form: English, German.
REFUSED: Mapping[str, tuple[str, str]] = {
    Code.NOT_AUTHENTICATED: (
        "Name, password or code are wrong.",
        "Name, Kennwort oder Code stimmen nicht.",
    ),
    Code.SECOND_FACTOR_NEEDED: (
        "The code of your authenticator app is needed, too.",
        "Auch der Code Ihrer Authenticator-App ist nötig.",
    ),
    Code.RATE_LIMITED: (
        "There were too many wrong guesses. Wait a moment and try again.",
        "Es gab zu viele falsche Versuche. Warten Sie etwas und versuchen Sie es noch einmal.",
    ),
    Code.CODE_EXPIRED: (
        "This code is not valid, or no longer. Ask for another one.",
        "Dieser Code gilt nicht oder nicht mehr. Lassen Sie sich einen neuen geben.",
    ),
    Code.PASSWORD_WEAK: (
        "This password is too easy to guess: it is too short, very common, or made of your name.",
        "Dieses Kennwort ist zu leicht zu erraten: zu kurz, sehr verbreitet oder aus Ihrem Namen gemacht.",
    ),
    Code.NAME_TAKEN: (
        "This name is taken. Choose another one.",
        "Dieser Name ist vergeben. Wählen Sie einen anderen.",
    ),
    Code.INVALID: (
        "Something is missing or cannot be used. A name for signing in has small letters, digits, . _ or -.",
        "Etwas fehlt oder ist nicht brauchbar. Ein Anmeldename hat kleine Buchstaben, Ziffern, . _ oder -.",
    ),
    Code.COMMIT_UNKNOWN: (
        "Whether this was done is not known. Look whether it was before you try again.",
        "Ob das geschehen ist, ist nicht bekannt. Sehen Sie nach, bevor Sie es noch einmal versuchen.",
    ),
}
_OTHERWISE = (
    "This does not work now. Try again in a moment.",
    "Das geht gerade nicht. Versuchen Sie es gleich noch einmal.",
)


def words_of(asked: Asked) -> Mapping[str, str]:
    """Return the catalogue of whoever asks."""
    return GERMAN if asked.german else ENGLISH


def say_refused(asked: Asked, error: WardwireError) -> str:
    """Say why something was refused, or could not be done."""
    return REFUSED.get(getattr(error, "code", ""), _OTHERWISE)[asked.german]


def render(
    template: str, asked: Asked, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> Reply:
    """Put a page together."""
    from wardwire.console.shipped import TEMPLATES

    page = TEMPLATES[template].render(w=words_of(asked), asked=asked, **values)
    told = {"Vary": "Accept-Language", "Content-Language": words_of(asked)["lang"], **(headers or {})}
    return Reply(body=page.encode(), status=status, headers=told)
